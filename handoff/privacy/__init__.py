"""What keeps a person's numbers and data out of sight. Imports nothing, see :mod:`handoff.privacy.masking`."""
