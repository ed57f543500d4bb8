from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.handoff.channels.messenger.page import Page, page_on
from tests.handoff.parts import Parts


@pytest.fixture
async def page(parts: Parts, url: str, tmp_path: Path) -> AsyncIterator[Page]:
    """A page in the mode "own console", and one person."""
    async with page_on(parts, url, tmp_path) as made:
        yield made
