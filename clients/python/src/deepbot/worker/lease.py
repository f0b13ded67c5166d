"""The exclusive right to answer a run, renewed by heartbeats."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Literal

from ..errors import DeepbotError
from .platform import Platform
from .run import Run

LeaseEnd = Literal["lost", "cancelled", "stopping"]

# A first report must reach the server within this time of the claim, or it gives the run to another worker.
CONFIRM_WITHIN_MS = 5_000

log = logging.getLogger("deepbot")


class Lease:
    """Holds a claimed run until `close`, or until the lease ends otherwise."""

    def __init__(self, platform: Platform, run: Run, lease_ms: int) -> None:
        self.run = run
        self.ended = asyncio.Event()
        self.why: LeaseEnd | None = None
        self._platform = platform
        self._lease_ms = lease_ms
        self._held_until = time.monotonic() + lease_ms / 1000
        self._heartbeats = asyncio.ensure_future(self._keep_alive())

    async def report(self, verb: str, facts: dict[str, Any], *, timeout_s: float = 10.0) -> dict[str, Any]:
        """Sends a report, and ends the lease when the server says so in its response or in its refusal."""
        asked_at = time.monotonic()
        try:
            response = await self._platform.report(self.run, verb, facts, timeout_s=timeout_s)
        except DeepbotError as error:
            if error.lease_lost:
                self.end("lost")
            raise
        if response.get("cancel_requested"):
            self.end("cancelled")
        self._held_until = asked_at + self._lease_ms / 1000
        return response

    async def extend(self, verb: str, facts: dict[str, Any], *, timeout_s: float) -> None:
        await self.report(verb, {**facts, "lease_ms": self._lease_ms}, timeout_s=timeout_s)

    def end(self, why: LeaseEnd) -> None:
        if self.why is None:
            self.why = why
            self.run.cancelled.set()
            self.ended.set()

    def close(self) -> None:
        self._heartbeats.cancel()

    async def _keep_alive(self) -> None:
        """Often until one heartbeat has confirmed the claim, then seldom. Without any for a whole lease it counts as lost."""
        interval_s = min(CONFIRM_WITHIN_MS, self._lease_ms) / 5000
        while not self.ended.is_set():
            await asyncio.sleep(interval_s)
            try:
                await self.extend("heartbeat", {}, timeout_s=interval_s)
                interval_s = self._lease_ms / 3000
            except DeepbotError as error:
                log.debug("run %s: the heartbeat failed (%s)", self.run.run_id, error)
                if time.monotonic() >= self._held_until:
                    self.end("lost")
