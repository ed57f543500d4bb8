"""Settings for the Messenger demo: made new at each start, for the hub and the demo alike."""

from __future__ import annotations

import secrets

__all__ = ["messenger_settings"]


def messenger_settings(url: str) -> dict[str, str]:
    """What a page's owner copies from Meta's pages, for a page that lives at ``url`` only."""

    def number(digits: int) -> str:
        least = 10 ** (digits - 1)
        return str(least + secrets.randbelow(9 * least))

    return {
        "SILTA_MESSENGER_APP_ID": number(15),
        "SILTA_MESSENGER_APP_SECRET": secrets.token_hex(16),
        "SILTA_MESSENGER_VERIFY_TOKEN": secrets.token_urlsafe(18),
        "SILTA_MESSENGER_PAGE_ID": number(15),
        "SILTA_MESSENGER_PAGE_TOKEN": "EAA" + secrets.token_urlsafe(60),
        "SILTA_MESSENGER_GRAPH_URL": url,
        "SILTA_MESSENGER_MEDIA_HOSTS": "127.0.0.1",
    }
