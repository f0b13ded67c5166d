from __future__ import annotations

import asyncio
from contextlib import suppress


async def pause(seconds: float, until: asyncio.Event) -> None:
    """Waits that long, or until the event is set."""
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(until.wait(), seconds)
