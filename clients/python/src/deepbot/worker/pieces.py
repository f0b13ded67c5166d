"""Calls an answer function and brings its pieces into the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator, Iterable
from contextlib import suppress
from typing import Union

from .run import Run

Answer = Callable[[Run], Union[Iterable[str], AsyncIterable[str]]]

# What the thread of an answer function sends: a piece, what is to be awaited, how it failed, or None at its end.
_Sent = Union[str, AsyncIterable[str], BaseException, None]


async def read_pieces(answer: Answer, run: Run) -> AsyncGenerator[str, None]:
    """Yields the pieces of an answer. The function runs in a thread of its own; an asynchronous one is awaited in this loop.

    When this is closed early, the generator gets GeneratorExit at its next `yield`, or CancelledError where it awaits.
    Closing returns when the function has ended.
    """
    sent: asyncio.Queue[_Sent] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def send(item: _Sent) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody reads any more
            loop.call_soon_threadsafe(sent.put_nowait, item)

    threading.Thread(target=_work, args=(answer, run, send), daemon=True).start()
    working = True
    try:
        while working:
            item = await sent.get()
            working = isinstance(item, str)
            if isinstance(item, str):
                yield item
            elif isinstance(item, AsyncIterable):
                try:
                    async for piece in item:
                        yield piece
                finally:
                    if isinstance(item, AsyncGenerator):
                        await item.aclose()
            elif item is not None:
                raise item if isinstance(item, Exception) else RuntimeError(type(item).__name__)
    finally:
        if working:
            run.cancelled.set()
        while working:
            working = isinstance(await sent.get(), str)


def _work(answer: Answer, run: Run, send: Callable[[_Sent], None]) -> None:
    try:
        pieces = answer(run)
        if isinstance(pieces, AsyncIterable):
            send(pieces)
            return
        for piece in (pieces,) if isinstance(pieces, str) else pieces:
            if run.cancelled.is_set():
                break
            if not isinstance(piece, str):
                raise TypeError(f"An answer is made of str, not of {type(piece).__name__}.")
            send(piece)
        if isinstance(pieces, Generator):
            pieces.close()
        send(None)
    except BaseException as error:
        send(error)
