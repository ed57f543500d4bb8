"""What keeps a person's numbers and data out of sight. Imports nothing: the bot imports :mod:`handoff.privacy.masking`,
which stands on the standard library and its two neighbours; the other modules are the hub's."""
