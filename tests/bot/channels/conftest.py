"""A Redis, a hub, an action server and the small model."""

from __future__ import annotations

from tests.bot.seam.fixtures import actions, hub, limits, link, model, server

__all__ = ["actions", "hub", "limits", "link", "model", "server"]
