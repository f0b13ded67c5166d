"""Claims runs and answers them, several at once, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from .lease import CONFIRM_WITHIN_MS
from .pieces import Answer
from .platform import Platform
from .serve_loop import ServeLoop

LEASE_MS = 30_000
STOP_GRACE_MS = 10_000

log = logging.getLogger("deepbot")


def serve(
    url: str,
    key: str,
    answer: Answer,
    *,
    worker: str | None = None,
    assistants: Sequence[str] | None = None,
    concurrency: int = 4,
    fallback: bool = False,
    lease_ms: int = LEASE_MS,
    stop_grace_ms: int = STOP_GRACE_MS,
) -> None:
    """Answers questions until SIGTERM or Ctrl-C. To be called in the main thread.

    Then it claims no more, lets the runs under way finish for up to `stop_grace_ms`, gives the others back, and returns. A
    second signal ends the process at once. `answer` yields the pieces of an answer; it is called in a thread of its own, in
    up to `concurrency` threads at once. If it is asynchronous, all its answers share one event loop. It logs to standard
    error, unless the program has set logging up.
    """
    if not log.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)

    async def serve_until_signal() -> None:
        stop = asyncio.Event()
        with _stop_on_signal(stop):
            await serve_async(
                url,
                key,
                answer,
                stop=stop,
                worker=worker,
                assistants=assistants,
                concurrency=concurrency,
                fallback=fallback,
                lease_ms=lease_ms,
                stop_grace_ms=stop_grace_ms,
            )

    asyncio.run(serve_until_signal())


async def serve_async(
    url: str,
    key: str,
    answer: Answer,
    *,
    stop: asyncio.Event,
    worker: str | None = None,
    assistants: Sequence[str] | None = None,
    concurrency: int = 4,
    fallback: bool = False,
    lease_ms: int = LEASE_MS,
    stop_grace_ms: int = STOP_GRACE_MS,
) -> None:
    """Like `serve`, in an event loop of yours, until `stop` is set. Cancelling it gives the runs under way back at once."""
    claim = {
        "worker": worker or f"python-{socket.gethostname()[:60]}-{os.getpid()}",
        "lease_ms": lease_ms,
        "confirm_within_ms": min(CONFIRM_WITHIN_MS, lease_ms),
        "fallback": fallback,
        "capacity": concurrency,
        **({} if assistants is None else {"assistants": list(assistants)}),
    }
    platform = Platform(url, key, concurrency=concurrency)
    loop = ServeLoop(platform, answer, claim, concurrency=concurrency)
    ending = asyncio.ensure_future(_end_claims(platform, stop))
    try:
        await loop.claim_until(stop)
        await loop.finish(stop_grace_ms / 1000)
    finally:
        ending.cancel()
        await loop.give_back()
        platform.close()
    log.info("stopped")


async def _end_claims(platform: Platform, stop: asyncio.Event) -> None:
    await stop.wait()
    log.info("stopping")
    platform.end_claims()


@contextmanager
def _stop_on_signal(stop: asyncio.Event) -> Iterator[None]:
    """Sets the event at the first signal to stop, and restores the handlers, so that a second one ends the process."""
    loop = asyncio.get_running_loop()
    names = (signal.SIGTERM, signal.SIGINT)
    before = {name: signal.getsignal(name) for name in names}

    def restore() -> None:
        for name in names:
            signal.signal(name, before[name])

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        restore()
        loop.call_soon_threadsafe(stop.set)

    for name in names:
        signal.signal(name, on_signal)
    try:
        yield
    finally:
        restore()
