"""Makes texts storable."""

from __future__ import annotations

ANSWER_MAX_BYTES = 65_536
TRUNCATION_NOTE = "\n\n[The answer was too long and has been cut here.]"


def clean(text: str) -> str:
    """Drops NUL, joins surrogate pairs and replaces lone surrogates by U+FFFD."""
    if text.isascii():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def fit(text: str) -> str:
    """A clean text within the limit on answers. One that is too long is cut and ends with a note."""
    data = text.encode()
    if len(data) <= ANSWER_MAX_BYTES:
        return text
    return data[: ANSWER_MAX_BYTES - len(TRUNCATION_NOTE)].decode("utf-8", "ignore") + TRUNCATION_NOTE
