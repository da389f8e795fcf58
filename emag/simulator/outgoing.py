"""HTTP that the simulator sends: callbacks, and commands to one in another process."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit


class Unreachable(Exception):
    """Nobody answered."""


def send(
    method: str, url: str, body: bytes = b"", *, timeout: float = 5.0, content_type: str = ""
) -> tuple[int, bytes]:
    """One request; the status and the body of the reply."""
    parts = urlsplit(url)
    factory = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = factory(parts.hostname or "", parts.port, timeout=timeout)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    headers = {"User-Agent": "eMAG-Marketplace-Callback", "Connection": "close"}
    if content_type:
        headers["Content-Type"] = content_type
    try:
        connection.request(method, path, body=body or None, headers=headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()


def ask(url: str, payload: Any, *, timeout: float = 120.0) -> Any:
    """A command as JSON; raises ValueError with the reply's own words."""
    status, body = send(
        "POST", url, json.dumps(payload).encode(), timeout=timeout, content_type="application/json"
    )
    answer = json.loads(body or b"null")
    if status >= 400:
        raise ValueError(answer.get("error", f"HTTP {status}"))
    return answer
