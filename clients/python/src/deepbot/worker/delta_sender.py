"""Streams an answer to the server while the lease holds."""

from __future__ import annotations

import asyncio
import logging

from ..backoff import Backoff
from ..errors import DeepbotError
from .lease import Lease
from .pause import pause

# How long pieces are gathered before they are sent as one delta.
GATHER_S = 0.05
DELTA_MAX_CHARACTERS = 8_192
TIMEOUT_S = 5.0

log = logging.getLogger("deepbot")


class DeltaSender:
    """Sends deltas one at a time and in order; one that was not confirmed is sent again under its number.

    Streaming may fail: the whole answer is sent in the end anyway.
    """

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._pending = ""
        self._seq = 0
        self._added = asyncio.Event()
        self._closing = asyncio.Event()
        self._sending = asyncio.ensure_future(self._send_all())

    def add(self, text: str) -> None:
        self._pending += text
        self._added.set()

    async def close(self) -> None:
        """Sends nothing more. Returns when no request is under way."""
        self._closing.set()
        self._added.set()
        await self._sending

    def _is_over(self) -> bool:
        return self._closing.is_set() or self._lease.ended.is_set()

    async def _send_all(self) -> None:
        while not self._is_over():
            await self._added.wait()
            self._added.clear()
            await pause(GATHER_S, self._closing)
            while self._pending and not self._is_over():
                await self._send_next()

    async def _send_next(self) -> None:
        text = self._pending[:DELTA_MAX_CHARACTERS]
        self._pending = self._pending[DELTA_MAX_CHARACTERS:]
        self._seq += 1
        backoff = Backoff(GATHER_S, 2.0)
        while not self._is_over():
            try:
                await self._lease.extend("append", {"seq": self._seq, "text": text}, timeout_s=TIMEOUT_S)
                return
            except DeepbotError as error:
                if not error.retryable and not error.key_refused:
                    self._closing.set()
                    log.info("run %s: streams no further (%s)", self._lease.run.run_id, error)
                    return
                await pause(backoff.next_s(error), self._closing)
