"""A person, a worker in a thread, and waiting for conditions. The server is the one at DEEPBOT_URL."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from deepbot import Client, PersonRun, serve_async
from deepbot.worker.pieces import Answer

URL = os.environ["DEEPBOT_URL"]
KEY = os.environ["DEEPBOT_KEY"]

T = TypeVar("T")


def until(what: str, check: Callable[[], T | None], timeout_s: float = 20.0) -> T:
    """Waits until `check` gives something true, and returns it."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if result := check():
            return result
        time.sleep(0.02)
    raise AssertionError(f"It did not happen in time: {what}")


def _request(method: str, path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
    head = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), head, method=method)
    return urllib.request.urlopen(request, timeout=10)


def sign_in(name: str) -> str:
    """Signs a person in and returns the cookie. `operator` is an operator."""
    person = {"sub": name, "email": f"{name}@example.com", "given_name": name}
    token = json.load(_request("POST", "/dev/google-token", person, {}))["token"]
    return str(_request("POST", "/create/users", {"token": token}, {}).headers["Set-Cookie"]).split(";")[0]


def call_as(cookie: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Calls an operation that the package has no method for."""
    return json.load(_request(method, path, body or {}, {"Cookie": cookie}))


def ask_new(person: Client, text: str) -> PersonRun:
    """Asks in a dialog of its own."""
    return person.ask(person.create_dialog("a dialog"), text)


def until_state(person: Client, run: PersonRun, *states: str) -> PersonRun:
    def find() -> PersonRun | None:
        now = person.run(run["run_id"])
        return now if now["state"] in states else None

    return until(f"run {run['run_id']} is {states}", find)


def answer_of(run: PersonRun) -> str:
    if run["answer"] is None:
        raise AssertionError(f"Run {run['run_id']} has no answer: {run['error']}")
    return run["answer"]["content"]


class RunningWorker:
    """`serve_async` in a thread with an event loop of its own."""

    def __init__(self, answer: Answer, url: str, key: str, options: dict[str, Any]) -> None:
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(answer, url, key, options)), daemon=True)
        self._thread.start()
        self._started.wait()

    async def _serve(self, answer: Answer, url: str, key: str, options: dict[str, Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._started.set()
        await serve_async(url, key, answer, stop=self._stop, **options)

    def stop(self, timeout_s: float = 20.0) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise AssertionError("The worker does not stop.")


@contextmanager
def working(answer: Answer, *, url: str = URL, key: str = KEY, **options: Any) -> Iterator[RunningWorker]:
    worker = RunningWorker(answer, url, key, {"stop_grace_ms": 0, **options})
    try:
        yield worker
    finally:
        worker.stop()
