"""Growing pauses between attempts at something that fails."""

from __future__ import annotations

import random

from .errors import DeepbotError


class Backoff:
    """Pauses double from `min_s` to `max_s`. Up to half of each is random, so that many clients spread out."""

    def __init__(self, min_s: float, max_s: float) -> None:
        self._min_s = min_s
        self._max_s = max_s
        self._next_s = min_s

    def next_s(self, error: DeepbotError | None = None) -> float:
        """Seconds to wait before the next attempt, and no less than the server asked for."""
        pause = self._next_s * random.uniform(0.5, 1)
        self._next_s = min(self._next_s * 2, self._max_s)
        asked = 0.0 if error is None else error.retry_after_s * random.uniform(1, 1.5)
        return max(pause, asked)

    def reset(self) -> None:
        self._next_s = self._min_s
