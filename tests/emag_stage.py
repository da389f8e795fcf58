"""A stand-in for eMAG's server that answers exactly what a test tells it, and keeps what it got."""

import itertools
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from emag.client import EmagClient
from emag.sites import site

PASSWORD = "zxcv-geheim-9"
_numbers = itertools.count(1)


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: dict
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body) if self.body else None


class Stage:
    """Answers in the order in which they were set up; the last one is given again and again."""

    def __init__(self):
        self.seen = []
        self.answers = []
        stage = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                split = urlsplit(self.path)
                stage.seen.append(
                    Seen(
                        self.command, split.path, parse_qs(split.query),
                        dict(self.headers), self.rfile.read(length),
                    )
                )  # fmt: skip
                answers = stage.answers
                status, body, headers = answers.pop(0) if len(answers) > 1 else answers[0]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = answer

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def will_answer(self, body, status=200, **headers):
        """The next answer: a text, bytes, or something to write as JSON."""
        if not isinstance(body, str | bytes):
            body = json.dumps(body)
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Content-Type", "application/json")
        self.answers.append((status, data, named))

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/api-3"

    def client(self, place="emag-ro", **options):
        """A client of this stage whose budgets nobody has drawn on."""
        options = {"quick": True, **options}
        return EmagClient(
            site(place), self.url, "ana", PASSWORD, f"stage:{next(_numbers)}", **options
        )

    def close(self):
        self.server.shutdown()
        self.server.server_close()
