"""Facebook Messenger: webhook in, Graph API out, the same conversation in the middle.

::

    webhook.py ──► inbox.py (a durable stream for each person) ──► arrivals.py ──► the hub's conversation and its log
                                                                                            │
    Graph ◄── client.py ◄── outbox.py (reads the log from where it has sent to) ◄───────────┘

Pure: ``signature``, ``events``, ``limits``, ``render``, ``window``, ``routing``, ``failures``, ``decisions``.
Several hubs may run: whoever holds a person's lane (``lanes.py``) works on it, and every effect is done once by its id.
"""
