"""The loop of a worker: claims, and the runs that are under way."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from .answer_run import answer_run
from ..backoff import Backoff
from ..errors import DeepbotError
from .lease import Lease
from .pause import pause
from .pieces import Answer
from .platform import Platform
from .run import Run

CLAIM_WAIT_MS = 25_000

# After a failure the first claim waits only this long, so that its response soon shows that the server is back.
PROBE_MS = 500

# How long the runs that are not finished at the end may take to be released.
GIVE_BACK_TIMEOUT_S = 3.0

log = logging.getLogger("deepbot")


class ServeLoop:
    def __init__(self, platform: Platform, answer: Answer, claim: dict[str, Any], *, concurrency: int) -> None:
        self._platform = platform
        self._answer = answer
        self._claim_request = claim
        self._concurrency = concurrency
        self._running: dict[asyncio.Future[None], Lease] = {}
        self._backoff = Backoff(0.1, 5.0)
        self._connection = ""

    async def claim_until(self, stop: asyncio.Event) -> None:
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                free = self._concurrency - len(self._running)
                if free == 0:
                    awaited: set[asyncio.Future[Any]] = {stopping, *self._running}
                    await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
                    continue
                for run in await self._claim(free, stop):
                    self._start(run)
        finally:
            stopping.cancel()

    async def finish(self, grace_s: float) -> None:
        """Waits for the runs under way."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=grace_s)

    async def give_back(self) -> None:
        """Releases the runs that are still under way."""
        for lease in self._running.values():
            lease.end("stopping")
        await self.finish(GIVE_BACK_TIMEOUT_S)
        for work in self._running:
            work.cancel()

    def _start(self, run: Run) -> None:
        lease = Lease(self._platform, run, self._claim_request["lease_ms"])
        work = asyncio.ensure_future(answer_run(self._answer, lease))
        self._running[work] = lease
        work.add_done_callback(self._running.pop)

    async def _claim(self, free: int, stop: asyncio.Event) -> list[Run]:
        """Waits for runs. After a failure it pauses and returns none."""
        wait_ms = CLAIM_WAIT_MS if self._connection == "connected" else PROBE_MS
        asked_at = time.monotonic()
        failure = None
        try:
            runs = await self._platform.claim({**self._claim_request, "max": free, "wait_ms": wait_ms})
            # A server that is about to stop responds early: to ask it again at once would be a busy loop.
            if runs or time.monotonic() - asked_at >= wait_ms / 2000:
                self._note("connected")
                self._backoff.reset()
                return runs
        except DeepbotError as error:
            if stop.is_set():
                return []
            failure = error
            self._note(error.code, error)
        await pause(self._backoff.next_s(failure), stop)
        return []

    def _note(self, connection: str, error: DeepbotError | None = None) -> None:
        """Logs when the connection is made or lost, not at each attempt."""
        if connection == self._connection:
            return
        self._connection = connection
        if error is None:
            log.info("connected; waiting for questions")
        elif error.retryable:
            log.warning("the server is unavailable (%s); the claim is repeated", error)
        else:
            log.error("the server refuses claims (%s): check the key and the settings; the claim is repeated", error)
