"""A run as a worker sees it. Names are those of the wire."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict


class Message(TypedDict):
    message_id: int
    role: Literal["user", "bot"]
    content: str


class Usage(TypedDict, total=False):
    """The model's own account of what an answer cost."""

    model: str
    input_tokens: int
    output_tokens: int


class Assistant(TypedDict):
    slug: str
    instructions: str | None


@dataclass(eq=False)
class Run:
    """One question to answer, leased to this worker."""

    run_id: int
    dialog_id: int
    user_id: int
    attempt: int
    max_attempts: int
    deadline_at: str
    messages: list[Message] = field(repr=False)
    """The newest part of the dialog, oldest first; the last is the question."""
    lease_token: str = field(repr=False)
    assistant: Assistant | None = None
    """The assistant that was asked. None from servers that have one only."""
    locale: str | None = None
    user: str | None = None
    """A stable name of the person for this assistant, which says nothing else about them."""
    traceparent: str | None = None
    usage: Usage | None = None
    """To be set by the answer function: it is stored with the answer."""
    cancelled: threading.Event = field(default_factory=threading.Event, repr=False)
    """Set when nobody wants the answer any more: the person pressed Stop, the lease is lost, or the worker is stopping."""

    @property
    def question(self) -> str:
        return self.messages[-1]["content"]

    @staticmethod
    def from_wire(claimed: dict[str, Any]) -> Run:
        """Reads a run of a claim. Members that this version does not know are ignored."""
        return Run(
            run_id=claimed["run_id"],
            dialog_id=claimed["dialog_id"],
            user_id=claimed["user_id"],
            attempt=claimed["attempt"],
            max_attempts=claimed["max_attempts"],
            deadline_at=claimed["deadline_at"],
            messages=claimed["messages"],
            lease_token=claimed["lease_token"],
            assistant=claimed.get("assistant"),
            locale=claimed.get("locale"),
            user=claimed.get("user"),
            traceparent=claimed.get("traceparent"),
        )
