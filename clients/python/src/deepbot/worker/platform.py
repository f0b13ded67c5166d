"""The operations of a worker, called from an event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, cast

from ..http import Http
from .run import Run

# How long a response to a claim may take beyond the wait that was asked for.
CLAIM_MARGIN_S = 10.0


class Platform:
    """Each call under way takes a thread. Call `close` in the end: it ends the calls under way too."""

    def __init__(self, url: str, key: str, *, concurrency: int) -> None:
        headers = {"X-Messages-Key": key}
        self._claims = Http(url, headers)
        self._reports = Http(url, headers)
        # A run has a heartbeat and a piece or a last report under way; beside them there is one claim.
        self._threads = ThreadPoolExecutor(max_workers=2 * concurrency + 1, thread_name_prefix="deepbot")

    async def claim(self, request: dict[str, Any]) -> list[Run]:
        timeout_s = request["wait_ms"] / 1000 + CLAIM_MARGIN_S
        claimed = await self._call(self._claims, "/worker/claim", request, timeout_s)
        return [Run.from_wire(run) for run in claimed["runs"]]

    async def report(self, run: Run, verb: str, facts: dict[str, Any], *, timeout_s: float) -> dict[str, Any]:
        body = {"lease_token": run.lease_token, **facts}
        path = f"/worker/runs/{run.run_id}/{verb}"
        return cast("dict[str, Any]", await self._call(self._reports, path, body, timeout_s))

    def end_claims(self) -> None:
        """Ends the claim that waits. A run that was on its way goes to another worker soon: nobody confirms it."""
        self._claims.close()

    def close(self) -> None:
        self._claims.close()
        self._reports.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _call(self, http: Http, path: str, body: dict[str, Any], timeout_s: float) -> Any:
        call = partial(http.call, "POST", path, body, timeout_s=timeout_s)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
