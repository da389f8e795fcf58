"""The HTTP servers: one for the marketplace, one (on a port of its own) for the control plane."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from emag.simulator import pictures
from emag.simulator import routes as _routes  # noqa: F401 - importing registers the routes
from emag.simulator.accounts import PLATFORM_OF_HOST, PLATFORMS
from emag.simulator.pipeline import Request, handle
from emag.simulator.replies import Reply
from emag.simulator.world import World

MOST_BODY = 64 * 1024 * 1024
SLICE = 0.05  # seconds between the drops of a slow body


class PortInUse(Exception):
    """Another program listens where the simulator was told to listen."""


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is none of our trouble; everything else is caught earlier."""


class Handler(BaseHTTPRequestHandler):
    """Reads a request, asks `respond`, writes the reply in one piece."""

    protocol_version = "HTTP/1.1"
    timeout = 120
    disable_nagle_algorithm = True
    wbufsize = 0
    respond: Callable[[Handler, bytes], Reply]
    world: World

    def do_any(self) -> None:
        with self.world.busy():
            self.answer()

    def answer(self) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= MOST_BODY:
            self.close_connection = True
            self.send(Reply(400, {"Content-Type": "text/html"}, b"<html>400 Bad Request</html>"))
            return
        body = self.rfile.read(length) if length else b""
        self.send(self.respond(self, body))

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_any

    def log_message(self, format: str, *args: Any) -> None:
        """The journal is the log."""

    # -- writing

    def send(self, reply: Reply) -> None:
        if reply.delay and self.world.stopping.wait(reply.delay):
            reply.reset = True
        if reply.hang is not None:
            self.world.stopping.wait(reply.hang)
            self.close_connection = True
            return
        if reply.reset:
            self.reset_line()
            return
        body = reply.body
        if (
            "Content-Encoding" not in reply.headers
            and len(body) > 1000
            and self.world.switches.get("http.gzip") == "on"
            and "gzip" in self.headers.get("Accept-Encoding", "")
        ):
            body = gzip.compress(body, 1)
            reply.headers["Content-Encoding"] = "gzip"
        head = self.head(reply, len(body))
        if self.command == "HEAD" or reply.status == 204:
            body = b""
        if reply.cut_at is None and reply.trickle is None:
            payload = chunked(body) if reply.chunked else body
            self.connection.sendall(head + payload)
            return
        self.send_badly(head, body, reply)

    def head(self, reply: Reply, length: int) -> bytes:
        headers = {"Date": formatdate(usegmt=True), **reply.headers}
        if reply.chunked:
            headers.pop("Content-Length", None)
            headers["Transfer-Encoding"] = "chunked"
        elif reply.status != 204:
            headers.setdefault("Content-Length", str(length))
        headers["Connection"] = "close" if self.close_connection else "keep-alive"
        phrase = self.responses.get(reply.status, ("",))[0]
        lines = [
            f"HTTP/1.1 {reply.status} {phrase}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def send_badly(self, head: bytes, body: bytes, reply: Reply) -> None:
        """Cut the line in the middle, or let the body drip."""
        part = body if reply.cut_at is None else body[: reply.cut_at]
        if reply.chunked:
            part = b"%x\r\n%s" % (len(body), part)
        self.connection.sendall(head)
        if reply.trickle is None:
            self.connection.sendall(part)
        else:
            step = max(1, int(reply.trickle * SLICE))
            for start in range(0, len(part), step):
                self.connection.sendall(part[start : start + step])
                if self.world.stopping.wait(SLICE):
                    break
        if reply.cut_at is not None:
            time.sleep(0.02)  # what was sent arrives before the end does
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def reset_line(self) -> None:
        """Close with a reset, as a broken gateway does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"


def marketplace(handler: Handler, body: bytes) -> Reply:
    path, _, query = handler.path.partition("?")
    if path.startswith("/r/"):
        return pictures.reply(path)
    host = handler.headers.get("Host", "")
    platform, below = split_platform(path, host)
    reply = handle(
        handler.world,
        Request(
            method=handler.command,
            platform=platform,
            path=below,
            query_string=query,
            headers={name.lower(): value for name, value in handler.headers.items()},
            body=body,
            ip=str(handler.client_address[0]),
        ),
    )
    reply.body = pictures.localized(reply.body, host)
    return reply


def split_platform(path: str, host: str) -> tuple[str, str]:
    """The platform by the first part of the path, or by the host's name.

    >>> split_platform("/bg/api-3/order/read", "127.0.0.1:8701")
    ('bg', '/api-3/order/read')
    """
    first, _, rest = path.lstrip("/").partition("/")
    if first in PLATFORMS:
        return first, f"/{rest}"
    return PLATFORM_OF_HOST.get(host.partition(":")[0], "ro"), path


def listen(
    world: World, host: str, port: int, respond: Callable[[Handler, bytes], Reply]
) -> QuietServer:
    """A server that answers with `respond`; raises PortInUse with a sentence for a person."""
    handler = type("BoundHandler", (Handler,), {"world": world, "respond": staticmethod(respond)})
    try:
        return QuietServer((host, port), handler)
    except OSError as error:
        raise PortInUse(f"{host}:{port} cannot be used: {error.strerror}") from error


def serve(server: QuietServer, name: str) -> threading.Thread:
    thread = threading.Thread(target=server.serve_forever, name=name, daemon=True)
    thread.start()
    return thread


def end(server: QuietServer) -> None:
    """Stop serving at once: a connection wakes the server, which else looks up rarely."""
    host, port = str(server.server_address[0]), int(server.server_address[1])
    ender = threading.Thread(target=server.shutdown, daemon=True)
    ender.start()
    while ender.is_alive():
        with suppress(OSError):
            socket.create_connection((host, port), timeout=1).close()
        ender.join(0.005)
    server.server_close()
