"""Rasa's side of the two streams: what joins reading, running, saving and publishing into one atomic step.

The order of a message: ``inbox`` reads an entry, ``worker`` runs it as a ``turn``, ``replay`` builds the tracker,
``outcomes`` tells the hub what came of it, and ``link`` commits everything with one script.
"""
