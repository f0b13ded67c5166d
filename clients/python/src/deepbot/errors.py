"""What a call, and what an answer function, may raise."""

from __future__ import annotations

# Statuses below 500 after which the same request may succeed later.
_RETRYABLE_STATUSES = (408, 425, 429)

# Refusals of a single piece of an answer: the run is still this worker's.
_PIECE_REFUSALS = ("delta_gap", "seq_conflict")


class DeepbotError(Exception):
    """The server refused a call, or no response of it arrived.

    `code` is a code of the error catalogue; `unreachable` when no response arrived, `redirect_refused` for a redirect, and
    `unknown` when the response is not the server's, for example a proxy's page. `status` is None without a response.
    """

    def __init__(self, code: str, status: int | None, detail: str, retry_after_s: float = 0.0) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.status = status
        self.detail = detail
        self.retry_after_s = retry_after_s

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later."""
        if self.status is None:
            return True
        if self.code == "quota_exceeded":  # a day's quota: later means tomorrow
            return False
        return self.status >= 500 or self.status in _RETRYABLE_STATUSES

    @property
    def key_refused(self) -> bool:
        """Whether the key or token was refused: it may be good again after a rotation."""
        return self.status in (401, 403)

    @property
    def lease_lost(self) -> bool:
        """Whether a report was refused because the run is gone, has ended or belongs to another worker."""
        return self.status in (404, 409) and self.code not in _PIECE_REFUSALS


class AnswerError(Exception):
    """Raised by an answer function that has no answer. `message` is a sentence for the person who asked."""

    def __init__(self, code: str, message: str, *, retry: bool) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.retry = retry
