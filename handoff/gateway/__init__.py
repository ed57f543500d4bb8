"""The two websockets. :mod:`peer` sends, :mod:`gate` lets in, :mod:`visitor` and :mod:`agent` speak the contracts."""
