"""JSON over HTTP, blocking, with connections that are used again. Redirects are refused: they would take the key along."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from .errors import DeepbotError

CONNECT_TIMEOUT_S = 5.0

# An idle connection that is older is not used again: the other side may be about to close it.
IDLE_MAX_S = 2.0


class Http:
    """Calls to one server. Any number of threads may call at once."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise ValueError(f"The address must begin with http:// or https://, not be {url!r}.")
        self._connection_type = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port, self._prefix = parts.hostname, parts.port, parts.path.rstrip("/")
        self._headers = dict(headers)
        self._lock = threading.Lock()
        self._idle: list[tuple[float, HTTPConnection]] = []
        self._busy: set[HTTPConnection] = set()
        self._closed = False

    def call(self, method: str, path: str, body: object = None, *, timeout_s: float) -> Any:
        """Sends one request and returns the JSON of its response.

        Raises DeepbotError when the server refuses it or cannot be reached.
        """
        data = None if body is None else json.dumps(body).encode()
        try:
            connection = self._take(timeout_s)
            try:
                response = self._send(connection, method, path, data, {})
                result = json.loads(response.read())
            except BaseException:
                self._drop(connection)
                raise
        except (OSError, HTTPException, ValueError) as error:
            raise _unreachable(error) from None
        self._put_back(connection, response)
        return result

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str], *, timeout_s: float) -> Iterator[Iterator[bytes]]:
        """Opens a response that is read line by line. `timeout_s` is the longest silence."""
        try:
            connection = self._take(timeout_s)
        except OSError as error:
            raise _unreachable(error) from None
        try:
            yield _lines(self._send(connection, "GET", path, None, headers))
        except (OSError, HTTPException) as error:
            raise _unreachable(error) from None
        finally:
            self._drop(connection)

    def close(self) -> None:
        """Ends all connections: calls under way fail, and so does every later one."""
        with self._lock:
            self._closed = True
            for _, connection in self._idle:
                connection.close()
            self._idle.clear()
            for connection in self._busy:
                if connection.sock is not None:
                    with suppress(OSError):  # the other side was faster
                        # Of the socket below TLS: another thread is reading through the TLS layer.
                        socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    def _take(self, timeout_s: float) -> HTTPConnection:
        with self._lock:
            while self._idle:
                since, connection = self._idle.pop()
                if time.monotonic() - since < IDLE_MAX_S:
                    break
                connection.close()
            else:
                connection = self._connection_type(self._host, self._port, timeout=min(timeout_s, CONNECT_TIMEOUT_S))
            self._busy.add(connection)
        try:
            if connection.sock is None:
                connection.connect()
            if self._closed or connection.sock is None:
                raise ConnectionAbortedError("closed")
            connection.sock.settimeout(timeout_s)
        except BaseException:
            self._drop(connection)
            raise
        return connection

    def _send(
        self, connection: HTTPConnection, method: str, path: str, data: bytes | None, headers: Mapping[str, str]
    ) -> HTTPResponse:
        content = {} if data is None else {"Content-Type": "application/json"}
        connection.request(method, self._prefix + path, data, {**self._headers, **content, **headers})
        response = connection.getresponse()
        if 300 <= response.status < 400:
            raise DeepbotError("redirect_refused", response.status, "The server redirects; use its own address.")
        if response.status >= 400:
            raise _refusal(response)
        return response

    def _put_back(self, connection: HTTPConnection, response: HTTPResponse) -> None:
        if response.will_close or self._closed:
            self._drop(connection)
            return
        with self._lock:
            self._busy.discard(connection)
            self._idle.append((time.monotonic(), connection))

    def _drop(self, connection: HTTPConnection) -> None:
        with self._lock:
            self._busy.discard(connection)
        connection.close()


def _lines(response: HTTPResponse) -> Iterator[bytes]:
    while line := response.readline():
        yield line


def _unreachable(error: Exception) -> DeepbotError:
    """Names the kind of the failure only: its text may quote what was read."""
    return DeepbotError("unreachable", None, type(error).__name__)


def _refusal(response: HTTPResponse) -> DeepbotError:
    after = response.headers.get("Retry-After") or ""
    retry_after_s = float(after) if after.isdecimal() else 0.0
    try:
        problem = json.loads(response.read())
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail = "unknown", response.reason
    return DeepbotError(code, response.status, detail, retry_after_s)
