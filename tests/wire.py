"""A server on a real socket that misbehaves on request: it cuts, drips, resets and lies."""

import gzip
import json
import socket
import ssl
import struct
import threading
import time
from contextlib import closing, contextmanager


class WireServer:
    """Answers each path in its own way; `seen` are the requests that arrived, as bytes."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.seen: list[bytes] = []
        self.open = True
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while self.open:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock: socket.socket) -> None:
        if self.tls:
            try:
                sock = self.tls.wrap_socket(sock, server_side=True)
            except OSError:
                sock.close()
                return
        with closing(sock):
            while request := read_request(sock):
                self.seen.append(request)
                path = request.split(b" ", 2)[1].decode().partition("?")[0]
                name, _, argument = path.strip("/").partition("/")
                try:
                    if not getattr(self, f"do_{name.replace('-', '_')}")(sock, argument, request):
                        return
                except OSError:
                    return

    def close(self) -> None:
        self.open = False
        self.listener.close()

    # --- Ways to answer: True keeps the connection ----------------------------------------------
    def do_ok(self, sock, argument, request):
        body = json.dumps({"seen": len(self.seen)}).encode()
        sock.sendall(answer(200, body, "application/json"))
        return True

    def do_status(self, sock, argument, request):
        status, _, header = argument.partition("/")
        sock.sendall(answer(int(status), b"their own words", "text/plain", *filter(None, [header])))
        return True

    def do_retry(self, sock, argument, request):
        sock.sendall(answer(429, b"", "text/plain", f"Retry-After: {argument.replace('_', ' ')}"))
        return True

    def do_html(self, sock, argument, request):
        sock.sendall(answer(int(argument or 200), b"<html>Maintenance</html>", "text/html"))
        return True

    def do_echo(self, sock, argument, request):
        sock.sendall(answer(200, request, "text/plain"))
        return True

    def do_hang(self, sock, argument, request):
        time.sleep(float(argument))

    def do_cut(self, sock, argument, request):
        """Takes the request and closes without a word."""

    def do_reset(self, sock, argument, request):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def do_half(self, sock, argument, request):
        sock.sendall(answer(200, b'{"a": 1}', "application/json")[:-3])

    def do_half_chunk(self, sock, argument, request):
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf")

    def do_half_header(self, sock, argument, request):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")

    def do_half_headers(self, sock, argument, request):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")

    def do_nonsense(self, sock, argument, request):
        sock.sendall(b"\x00\x01\x02 hello\r\n\r\n")

    def do_drip(self, sock, argument, request):
        """Never silent for long and never done; without a length, so a cut looks like an end."""
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sock.sendall(b"x")
            time.sleep(0.05)

    def do_drip_headers(self, sock, argument, request):
        sock.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            sock.sendall(b"x")
            time.sleep(0.05)

    def do_bad_gzip(self, sock, argument, request):
        sock.sendall(answer(200, b"this is no gzip", "text/plain", "Content-Encoding: gzip"))
        return True

    def do_half_gzip(self, sock, argument, request):
        body = gzip.compress(b'{"a": 1}' * 1000)[:-20]
        sock.sendall(answer(200, body, "application/json", "Content-Encoding: gzip"))
        return True

    def do_bomb(self, sock, argument, request):
        body = gzip.compress(b"\x00" * 200_000_000, 1)
        sock.sendall(answer(200, body, "application/json", "Content-Encoding: gzip"))

    def do_gzip(self, sock, argument, request):
        body = gzip.compress(b'{"squeezed": true}')
        sock.sendall(answer(200, body, "application/json", "Content-Encoding: gzip"))
        return True

    def do_cookie(self, sock, argument, request):
        sock.sendall(answer(200, b"{}", "application/json", "Set-Cookie: session=abc"))
        return True


def read_request(sock: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            piece = sock.recv(65_536)
        except OSError:
            return b""
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += sock.recv(65_536)
    return head + b"\r\n\r\n" + body


def answer(status: int, body: bytes, kind: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


@contextmanager
def deaf_port():
    """A port whose queue is full: the connection is neither made nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = []
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            waiting.append(sock)
        time.sleep(0.1)
        yield port
        for sock in waiting:
            sock.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
