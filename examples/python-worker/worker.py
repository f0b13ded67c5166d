"""A sample worker for Deepbot: one file, standard library only, Python 3.9 or newer.

    python3 worker.py runs        # with leases, for new workers
    python3 worker.py original    # the two operations of the original back end

Put your own model into `answer`. See README.md for the settings.
"""

from __future__ import annotations

import argparse
import http.client
import json
import logging
import os
import random
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

DEEPBOT_URL = os.environ.get("DEEPBOT_URL", "http://127.0.0.1:8000").rstrip("/")
API_KEY_AI = os.environ.get("API_KEY_AI", "dev-messages-key")

POLL_S = 1.0
CLAIM_WAIT_MS = 20_000
LEASE_MS = 30_000
GATHER_S = 0.05  # shortest time between two pieces that are sent
TIMEOUT_S = 30.0  # limit of one request; longer than a claim waits

log = logging.getLogger("worker")


class Message(TypedDict):
    role: str  # "user" or "bot"
    content: str


def answer(messages: list[Message]) -> Iterator[str]:
    """Yields the answer to the last message, in pieces. Put your own model here.

    `messages` is the dialog so far, oldest first. The function may take long and may raise. This sample has no model: it
    counts, which shows what it was given.
    """
    words = len(messages[-1]["content"].split())
    text = f"I am a sample without a model. Messages read: {len(messages)}. Words in the last one: {words}."
    for word in text.split(" "):
        yield word if word == "I" else f" {word}"
        time.sleep(0.02)


class Refused(Exception):
    """The server refused the request, and would refuse it again."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status


class Unavailable(Exception):
    """The server cannot be reached, or failed: the same request may succeed later."""


def call(method: str, path: str, body: dict[str, Any] | None = None, timeout_s: float = TIMEOUT_S) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"X-Messages-Key": API_KEY_AI, "Content-Type": "application/json"}
    request = urllib.request.Request(DEEPBOT_URL + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        if error.code >= 500 or error.code == 429:
            raise Unavailable(f"status {error.code}") from None
        raise Refused(error.code, problem_code(error)) from None
    except (OSError, http.client.HTTPException, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Unavailable(type(error).__name__) from None


def problem_code(error: urllib.error.HTTPError) -> str:
    """The stable name of an error; "unknown" if the body is not the server's, for example a proxy's page."""
    try:
        return str(json.load(error)["code"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return "unknown"


def call_until_reached(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Retries with a growing, random pause, so that many workers do not come back at the same moment."""
    longest = 0.5
    while True:
        try:
            return call(method, path, body)
        except Unavailable as error:
            pause = random.uniform(longest / 2, longest)
            log.warning("the server is unavailable (%s); next try in %.1f s", error, pause)
            time.sleep(pause)
            longest = min(longest * 2, 10)


# --- `runs`: each run is leased to one worker at a time, and every report carries the lease token ---


def serve_runs() -> None:
    worker = f"python-{socket.gethostname()[:60]}-{os.getpid()}"
    claim = {"worker": worker, "max": 1, "wait_ms": CLAIM_WAIT_MS, "lease_ms": LEASE_MS}
    while True:
        asked_at = time.monotonic()
        runs = call_until_reached("POST", "/worker/claim", claim)["runs"]
        for run in runs:
            try:
                work_on(run)
            except KeyboardInterrupt:
                release(run)
                raise
        if not runs and time.monotonic() - asked_at < 1:
            # A server that is shutting down responds early: do not ask it again at once.
            time.sleep(random.uniform(0.5, 1))


def work_on(run: dict[str, Any]) -> None:
    with kept_lease(run) as lost:
        try:
            text = think(run, lost)
        except Exception as error:
            # Log the name only: the text of an exception may quote the dialog.
            log.error("run %s: no answer (%s)", run["run_id"], type(error).__name__)
            words = "The AI failed to answer."
            report(run, "fail", {"code": "worker_error", "message": words, "retry": True})
            return
        if lost.is_set():
            log.warning("run %s: no longer wanted", run["run_id"])
        else:
            complete(run, text)


def think(run: dict[str, Any], lost: threading.Event) -> str:
    """Computes the answer and streams its pieces. Streaming may fail: the whole answer is sent in the end anyway."""
    text, sent, seq = "", 0, 0
    streams, sent_at = True, time.monotonic()
    for piece in answer([{"role": m["role"], "content": m["content"]} for m in run["messages"]]):
        text += piece
        if lost.is_set():
            break
        if streams and len(text) > sent and time.monotonic() - sent_at >= GATHER_S:
            seq, sent_at = seq + 1, time.monotonic()
            streams = append(run, seq, text[sent:], lost)
            sent = len(text)
    return text


def append(run: dict[str, Any], seq: int, text: str, lost: threading.Event) -> bool:
    """Sends a piece, which also extends the lease. Returns whether further pieces can be sent."""
    body = {"lease_token": run["lease_token"], "seq": seq, "text": text, "lease_ms": LEASE_MS}
    try:
        if call("POST", f"/worker/runs/{run['run_id']}/append", body, timeout_s=5)["cancel_requested"]:
            lost.set()
            release(run)
        return True
    except Refused as error:
        if error.status in (404, 409):
            log.info("run %s: streaming stopped (%s)", run["run_id"], error)
        return False
    except Unavailable:
        return False


def complete(run: dict[str, Any], text: str) -> None:
    try:
        report(run, "complete", {"text": text})
    except Refused as error:
        if error.status not in (413, 422):
            raise
        # Too long, or characters that cannot be stored: another attempt would not help.
        words = "The AI's answer cannot be stored."
        report(run, "fail", {"code": "answer_refused", "message": words, "retry": False})


def report(run: dict[str, Any], verb: str, facts: dict[str, Any]) -> None:
    """Sends a final report. Repeating one is harmless, so an outage only delays it."""
    run_id = run["run_id"]
    body = {"lease_token": run["lease_token"], **facts}
    try:
        reported = call_until_reached("POST", f"/worker/runs/{run_id}/{verb}", body)
        log.info("run %s: %s", run_id, reported["state"])
    except Refused as error:
        if error.status not in (404, 409):
            raise
        # The lease is lost, or the run has ended or was deleted: there is nothing left to do.
        log.warning("run %s: %s came too late (%s)", run_id, verb, error)


@contextmanager
def kept_lease(run: dict[str, Any]) -> Iterator[threading.Event]:
    """Extends the lease until the block ends. The event is set when the answer is no longer wanted."""
    lost, over = threading.Event(), threading.Event()
    path = f"/worker/runs/{run['run_id']}/heartbeat"
    body = {"lease_token": run["lease_token"], "lease_ms": LEASE_MS}
    beat_s = LEASE_MS / 3000

    def beat() -> None:
        while not lost.is_set() and not over.wait(beat_s):
            try:
                if call("POST", path, body, timeout_s=beat_s)["cancel_requested"]:
                    lost.set()
                    release(run)  # ends the run at once, even if the model computes on
            except Refused:
                lost.set()
            except Unavailable:
                pass  # the lease may outlive the outage: the next heartbeat will tell

    threading.Thread(target=beat, daemon=True).start()
    try:
        yield lost
    finally:
        over.set()


def release(run: dict[str, Any]) -> None:
    """Gives the run to the next worker at once. If this fails, the lease runs out with the same effect."""
    try:
        call("POST", f"/worker/runs/{run['run_id']}/release", {"lease_token": run["lease_token"]})
        log.info("run %s: released", run["run_id"])
    except (Refused, Unavailable) as error:
        log.warning("run %s: not released (%s)", run["run_id"], error)


# --- `original`: the protocol of the original back end; it has no leases, so run one worker only ---


def serve_original() -> None:
    answered: dict[int, int] = {}  # dialog -> its number of rows when it was answered
    while True:
        questions = read_questions()
        answered = {dialog: count for dialog, count in answered.items() if dialog in questions}
        for dialog_id, rows in questions.items():
            if answered.get(dialog_id) != len(rows) and reply(dialog_id, rows):
                answered[dialog_id] = len(rows)
        time.sleep(POLL_S * random.uniform(0.8, 1.2))


def read_questions() -> dict[int, list[dict[str, Any]]]:
    """The person's messages of every dialog that awaits an answer; the last row of a dialog is its question."""
    questions: dict[int, list[dict[str, Any]]] = {}
    for row in call_until_reached("GET", "/messages")["service_message"]:
        questions.setdefault(row["dialog_id"], []).append(row)
    return questions


def reply(dialog_id: int, rows: list[dict[str, Any]]) -> bool:
    """Returns whether the question is done; if the model fails, the next poll tries again."""
    try:
        text = "".join(answer([{"role": "user", "content": row["content"]} for row in rows]))
    except Exception as error:
        log.error("dialog %s: no answer (%s)", dialog_id, type(error).__name__)
        return False
    body = {"user_id": rows[-1]["user_id"], "dialog_id": dialog_id, "text_user": text}
    try:
        call_until_reached("POST", "/send/message/user", body)
        log.info("dialog %s: answered", dialog_id)
    except Refused as error:
        if error.status == 403:
            raise
        log.warning("dialog %s: the answer was refused (%s)", dialog_id, error)
    return True


def main() -> int:
    modes = {"runs": serve_runs, "original": serve_original}
    parser = argparse.ArgumentParser(description="A sample worker for Deepbot.")
    parser.add_argument("mode", choices=sorted(modes))
    mode = parser.parse_args().mode
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.default_int_handler)
    try:
        log.info("serving %s with the protocol `%s`", DEEPBOT_URL, mode)
        modes[mode]()
    except KeyboardInterrupt:
        log.info("stopped")
        return 0
    except Refused as error:
        advice = ": check API_KEY_AI" if error.status in (401, 403) else ""
        log.error("the server refuses this worker (%s)%s", error, advice)
    return 1


if __name__ == "__main__":
    sys.exit(main())
