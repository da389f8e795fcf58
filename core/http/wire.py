"""Connections that know two things requests does not tell: was anything sent, and is time up.

A read timeout starts anew with every byte, so a server that drips one byte a second holds a worker
for ever. Here a timer shuts the socket at the deadline, whatever is being waited for.
"""

import ipaddress
import os
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

CHUNK = 65_536

_now = threading.local()


class BodyTooLarge(Exception):
    """The answer is longer than anybody asked for."""


class NotPublic(Exception):
    """The name led to an address that is not on the public internet; nothing was sent there."""


def is_public(address: str) -> bool:
    """Whether this is an address of the public internet, and not of a network of ours.

    >>> is_public("8.8.8.8"), is_public("10.0.0.7"), is_public("::1"), is_public("::ffff:127.0.0.1")
    (True, False, False, False)
    """
    found = ipaddress.ip_address(address)
    found = getattr(found, "ipv4_mapped", None) or found
    return found.is_global and not found.is_multicast


class Attempt:
    """One request under way in this thread: has it left, and has its time run out?"""

    def __init__(self, seconds: float, *, only_public: bool = False) -> None:
        self.only_public = only_public
        self.has_left = False
        self.is_late = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "Attempt":
        _now.attempt = self
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self._let_go()
        _now.attempt = None

    def uses(self, sock: socket.socket) -> None:
        # A duplicate: TLS moves the connection into another socket object, and one that is closed
        # meanwhile must not leave us with a number that by then is somebody else's connection.
        self._let_go()
        with self._lock:
            self._socket = socket.socket(fileno=os.dup(sock.fileno()))
        if self.is_late:
            self._cut()

    def _let_go(self) -> None:
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    def _cut(self) -> None:
        with self._lock:
            self.is_late = True
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)


def _attempt() -> Attempt | None:
    return getattr(_now, "attempt", None)


class _Watched:
    """Tells the attempt of this thread which socket it is on and when its first byte leaves."""

    sock: Any
    proxy: Any
    _is_connecting = False

    def _new_conn(self) -> socket.socket:
        sock: socket.socket = super()._new_conn()  # type: ignore[misc]
        if attempt := _attempt():
            # Looked at here, the name cannot mean another address by the time it is used. A proxy
            # is the platform's own, and looks up names by itself.
            if attempt.only_public and not self.proxy and not is_public(sock.getpeername()[0]):
                sock.close()
                raise NotPublic
            attempt.uses(sock)  # a TLS handshake can drip as well
        return sock

    def connect(self) -> None:
        self._is_connecting = True
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._is_connecting = False

    def send(self, data: Any) -> None:
        if self._is_connecting:  # asking a proxy for a tunnel is not yet the request
            super().send(data)  # type: ignore[misc]
            return
        if self.sock is None:
            self.connect()
        if attempt := _attempt():
            attempt.uses(self.sock)
            attempt.has_left = True
        super().send(data)  # type: ignore[misc]


class _Connection(_Watched, HTTPConnection):
    pass


class _SecureConnection(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class WatchedAdapter(HTTPAdapter):
    """requests' adapter on connections that watch their attempt."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _use_watched_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        _use_watched_pools(manager)
        return manager


def _use_watched_pools(manager: urllib3.PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def read_body(raw: urllib3.BaseHTTPResponse, most: int) -> bytes:
    """The decoded body, refused as soon as it is longer than `most` bytes."""
    body = bytearray()
    for piece in raw.stream(CHUNK, decode_content=True):
        body += piece
        if len(body) > most:
            raise BodyTooLarge
    return bytes(body)
