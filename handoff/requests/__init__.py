"""What sockets ask for, done: each request is decided in the pure core (:mod:`handoff.decisions`) and written.

Every text that anybody typed is masked here, before anything else sees it (I11): what is written, sent on, logged or
given to the bot holds no identity code, card or account number.

All raise :class:`~handoff.errors.Refused` for what cannot be done and :class:`~handoff.errors.StoreUnavailable` when
the outcome is unknown; the same id may then be sent again.
"""
