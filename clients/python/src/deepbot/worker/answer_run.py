"""Works on one claimed run, from the claim to the last report."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import Any

from ..backoff import Backoff
from .delta_sender import DeltaSender
from ..errors import AnswerError, DeepbotError
from .lease import Lease
from .pause import pause
from .pieces import Answer, read_pieces
from .run import Run
from .text import ANSWER_MAX_BYTES, clean, fit

# The report on an unfinished run is sent once, and not waited for any longer.
GIVE_UP_TIMEOUT_S = 2.0

# Refusals of an answer that cannot be stored: it is too long, or has characters that no text may have.
UNSTORABLE_STATUSES = (413, 422)

log = logging.getLogger("deepbot")


async def answer_run(answer: Answer, lease: Lease) -> None:
    run = lease.run
    log.info("run %s: claimed, attempt %s", run.run_id, run.attempt)
    deltas = DeltaSender(lease)
    working = asyncio.ensure_future(_read_answer(answer, run, deltas))
    ended = asyncio.ensure_future(lease.ended.wait())
    try:
        await asyncio.wait({working, ended}, return_when=asyncio.FIRST_COMPLETED)
        await deltas.close()
        if lease.why is None:
            await _deliver(lease, *_last_report(working, run))
        if lease.why is not None:
            await _give_up(lease)
    finally:
        lease.close()
        ended.cancel()
        working.cancel()
        # A function that computes on, although nobody wants its answer, keeps its place.
        await asyncio.gather(working, return_exceptions=True)


async def _read_answer(answer: Answer, run: Run, deltas: DeltaSender) -> str:
    """The whole answer. Stops reading once there is more than the server stores."""
    text = ""
    async with aclosing(read_pieces(answer, run)) as pieces:
        async for piece in pieces:
            piece = clean(piece)
            text += piece
            deltas.add(piece)
            if len(text) > ANSWER_MAX_BYTES:
                break
    if not text.strip():
        raise AnswerError("empty_answer", "The AI gave an empty answer. Please try again.", retry=True)
    return fit(text)


def _last_report(working: asyncio.Future[str], run: Run) -> tuple[str, dict[str, Any]]:
    """The verb and the facts of the report that ends the run."""
    try:
        facts: dict[str, Any] = {"text": working.result()}
        return "complete", facts if run.usage is None else {**facts, "usage": run.usage}
    except AnswerError as error:
        log.warning("run %s: no answer (%s)", run.run_id, error.code)
        return "fail", {"code": error.code, "message": error.message, "retry": error.retry}
    except (Exception, asyncio.CancelledError) as error:
        # The name only: the text of an exception may quote the dialog.
        log.error("run %s: the answer function raised %s", run.run_id, type(error).__name__)
        log.debug("run %s: where it was raised", run.run_id, exc_info=True)
        return "fail", {"code": "worker_error", "message": "The AI failed to answer. Please try again.", "retry": True}


async def _deliver(lease: Lease, verb: str, facts: dict[str, Any]) -> None:
    """Repeats the last report until the server takes or refuses it, or the lease ends. Sending it twice is harmless."""
    run_id = lease.run.run_id
    backoff = Backoff(0.1, 2.0)
    while lease.why is None:
        try:
            reported = await lease.report(verb, facts)
            log.info("run %s: %s", run_id, reported["state"])
            return
        except DeepbotError as error:
            if error.retryable or error.key_refused:
                log.warning("run %s: %s is not delivered (%s); it is repeated", run_id, verb, error)
                await pause(backoff.next_s(error), lease.ended)
            elif verb == "complete" and error.status in UNSTORABLE_STATUSES:
                words = "The AI's answer cannot be stored."
                verb, facts = "fail", {"code": "answer_refused", "message": words, "retry": False}
            else:
                log.warning("run %s: %s was refused (%s)", run_id, verb, error)
                return


async def _give_up(lease: Lease) -> None:
    """Gives a run back that ends unfinished. Not repeated: without it the lease runs out, with the same effect."""
    run_id = lease.run.run_id
    if lease.why == "lost":
        log.warning("run %s: the lease is lost", run_id)
        return
    try:
        await lease.report("release", {}, timeout_s=GIVE_UP_TIMEOUT_S)
        log.info("run %s: released (%s)", run_id, lease.why)
    except DeepbotError as error:
        log.warning("run %s: not released (%s)", run_id, error)
