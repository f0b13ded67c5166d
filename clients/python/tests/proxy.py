"""A proxy in front of the server that spoils what a test says."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Literal
from urllib.parse import urlsplit

from .support import URL


@dataclass
class Spoil:
    """What happens to the next `times` requests whose path matches."""

    path: str
    how: Literal["refuse", "redirect", "drop response", "cut stream"]
    times: int
    status: int = 401
    seen: list[dict[str, str]] = field(default_factory=list)
    """Headers of the requests that were spoiled."""


class Proxy:
    def __init__(self, url: str) -> None:
        self.url = url
        self.upstreams: set[HTTPConnection] = set()
        self._spoils: list[Spoil] = []
        self._lock = Lock()

    def spoil(self, path: str, how: Any, times: int = 1, status: int = 401) -> Spoil:
        spoil = Spoil(path, how, times, status)
        self._spoils.append(spoil)
        return spoil

    def take(self, path: str, headers: dict[str, str]) -> Spoil | None:
        with self._lock:
            for spoil in self._spoils:
                if len(spoil.seen) < spoil.times and re.search(spoil.path, path):
                    spoil.seen.append(headers)
                    return spoil
        return None

    def close(self) -> None:
        """Ends what is under way: a claim that nobody reads any more would take a run of the next test."""
        for upstream in list(self.upstreams):
            if upstream.sock is not None:
                upstream.sock.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied() -> Iterator[Proxy]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    proxy = Proxy(f"http://127.0.0.1:{server.server_port}")
    server.proxy = proxy  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        proxy: Proxy = self.server.proxy  # type: ignore[attr-defined]
        spoil = proxy.take(self.path, dict(self.headers))
        how = None if spoil is None else spoil.how
        if spoil is not None and how == "refuse":
            self._respond(spoil.status, {"Content-Type": "application/problem+json"})
            self.wfile.write(json.dumps({"code": "key_refused", "detail": "Forbidden"}).encode())
        elif how == "redirect":
            self._respond(307, {"Location": f"{proxy.url}/elsewhere{self.path}"})
        else:
            self._forward(data, how)

    def _forward(self, data: bytes, how: str | None) -> None:
        upstreams: set[HTTPConnection] = self.server.proxy.upstreams  # type: ignore[attr-defined]
        upstream = HTTPConnection(urlsplit(URL).netloc, timeout=60)
        upstreams.add(upstream)
        try:
            # Either side may have hung up.
            with suppress(OSError, HTTPException):
                self._pass_on(upstream, data, how)
        finally:
            upstreams.discard(upstream)
            upstream.close()

    def _pass_on(self, upstream: HTTPConnection, data: bytes, how: str | None) -> None:
        kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        upstream.request(self.command, self.path, data, kept)
        response = upstream.getresponse()
        if how == "drop response":
            response.read()
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._respond(response.status, {"Content-Type": response.headers["Content-Type"]})
        left = 400 if how == "cut stream" else None
        while (left is None or left > 0) and (chunk := response.read1(left or 65_536)):
            self.wfile.write(chunk)
            self.wfile.flush()
            left = None if left is None else left - len(chunk)

    def _respond(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
