"""Tests, mirroring the tree. tests/bot and tests/actions run in the bot's environment, the others in the hub's."""
