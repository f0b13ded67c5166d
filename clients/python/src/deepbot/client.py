"""Acts for a person: dialogs, questions, and answers while they grow. Names are those of the wire."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any, Literal, TypedDict, cast

from .backoff import Backoff
from .errors import DeepbotError
from .http import Http
from .worker.run import Usage
from .sse import read_messages

TIMEOUT_S = 10.0

# The server pings every 15 seconds. A stream that is silent for longer than two pings is broken.
SILENCE_MAX_S = 35.0

# How long a question, and a stream that breaks, are tried again without success.
RETRY_MAX_S = 60.0


class Dialog(TypedDict):
    dialog_id: int
    dialog_name: str


class StoredMessage(TypedDict):
    message_id: int
    seq: int
    role: Literal["user", "bot"]
    content: str
    created_at: str
    partial: bool


class StoredAnswer(TypedDict):
    message_id: int
    content: str


class RunFailure(TypedDict):
    code: str
    message: str | None


class PersonRun(TypedDict):
    """A run as the person who asked sees it."""

    run_id: int
    dialog_id: int
    question_id: int
    state: Literal["queued", "running", "completed", "failed", "cancelled", "expired"]
    attempt: int
    created_at: str
    deadline_at: str
    ended_at: str | None
    cancel_requested: bool
    text: str | None
    answer: StoredAnswer | None
    usage: Usage | None
    error: RunFailure | None


class RunEvent(TypedDict, total=False):
    """An event of a run. Ignore types that you do not know.

    `snapshot` replaces the text, `delta` is added to it, `reset` empties it, and `end` comes last, with the ended run.
    """

    type: str
    state: str
    attempt: int
    seq: int
    text: str
    run: PersonRun


class Client:
    """Calls as one person, by a personal token (`dbp_…`) or by the cookie of a session (`name=value`)."""

    def __init__(self, url: str, token: str | None = None, *, cookie: str | None = None) -> None:
        if (token is None) == (cookie is None):
            raise ValueError("Give either a token or a cookie.")
        self._http = Http(url, {"Cookie": cookie} if cookie is not None else {"Authorization": f"Bearer {token}"})

    def dialogs(self) -> list[Dialog]:
        return cast("list[Dialog]", self._call("POST", "/dialogs")["dialogs"])

    def create_dialog(self, dialog_name: str, *, assistant: str | None = None) -> int:
        """Returns its id. `assistant` is a slug; without one it is `deepbot`."""
        chosen = {} if assistant is None else {"assistant": assistant}
        return cast(int, self._call("POST", "/dialogs/create", {"dialog_name": dialog_name, **chosen})["dialog"])

    def rename_dialog(self, dialog_id: int, dialog_name: str) -> None:
        self._call("POST", "/dialogs/rename", {"dialog_id": dialog_id, "dialog_name": dialog_name})

    def delete_dialog(self, dialog_id: int) -> None:
        self._call("POST", "/dialogs/delete", {"dialog_id": dialog_id})

    def messages(self, dialog_id: int) -> Iterator[StoredMessage]:
        """The messages of a dialog, newest first. Pages are fetched as they are needed."""
        before: int | None = None
        while True:
            query = "" if before is None else f"?before={before}"
            page = self._call("GET", f"/dialogs/{dialog_id}/messages{query}")
            yield from reversed(page["messages"])
            before = page["next_before"]
            if before is None:
                return

    def ask(self, dialog_id: int, text_user: str, *, client_message_id: str | None = None) -> PersonRun:
        """Sends a question and returns its run at once.

        It is sent again while the server is unavailable, and stored once: its `client_message_id` says that it is the same.
        """
        body = {"text_user": text_user, "client_message_id": client_message_id or str(uuid.uuid4())}
        retries = _Retries()
        while True:
            try:
                return cast(PersonRun, self._call("POST", f"/dialogs/{dialog_id}/runs", body))
            except DeepbotError as error:
                retries.wait_after(error)

    def run(self, run_id: int) -> PersonRun:
        return cast(PersonRun, self._call("GET", f"/runs/{run_id}"))

    def cancel(self, run_id: int) -> PersonRun:
        return cast(PersonRun, self._call("POST", f"/runs/{run_id}/cancel"))

    def retry(self, run_id: int) -> PersonRun:
        """Asks the same question again, after a run without an answer. Returns the new run."""
        return cast(PersonRun, self._call("POST", f"/runs/{run_id}/retry"))

    def watch(self, run_id: int) -> Iterator[RunEvent]:
        """The events of a run until its end. A stream that breaks is resumed where it broke."""
        last_id = ""
        retries = _Retries()
        while True:
            headers = {"Last-Event-ID": last_id} if last_id else {}
            try:
                with self._http.stream(f"/runs/{run_id}/events", headers, timeout_s=SILENCE_MAX_S) as lines:
                    for message in read_messages(lines):
                        event = cast(RunEvent, json.loads(message.data))
                        last_id = message.id
                        retries = _Retries()
                        yield event
                        if event["type"] == "end":
                            return
                retries.wait_after(DeepbotError("unreachable", None, "The stream ended early."))
            except DeepbotError as error:
                retries.wait_after(error)

    def close(self) -> None:
        self._http.close()

    def _call(self, method: str, path: str, body: object = None) -> Any:
        return self._http.call(method, path, body, timeout_s=TIMEOUT_S)


class _Retries:
    """Pauses between attempts, and gives up after a minute."""

    def __init__(self) -> None:
        self._backoff = Backoff(0.2, 5.0)
        self._until = time.monotonic() + RETRY_MAX_S

    def wait_after(self, error: DeepbotError) -> None:
        pause_s = self._backoff.next_s(error)
        if not error.retryable or time.monotonic() + pause_s > self._until:
            raise error
        time.sleep(pause_s)
