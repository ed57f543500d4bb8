"""The part of the ``silta`` command that runs in the hub's environment. ``./silta`` finds the right environment."""
