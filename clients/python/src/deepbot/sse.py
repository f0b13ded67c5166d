"""Server-Sent Events: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass
class SseMessage:
    id: str
    """Id of the last message that carried one, this one included; "" before the first."""
    data: str


def read_messages(lines: Iterable[bytes]) -> Iterator[SseMessage]:
    """The messages of a stream whose lines end with LF or CRLF."""
    last_id = ""
    data: list[str] = []
    for raw in lines:
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if not line:
            if data:
                yield SseMessage(last_id, "\n".join(data))
            data = []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "id" and "\0" not in value:
            last_id = value
