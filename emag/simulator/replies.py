"""A reply on its way to the line, with everything that may go wrong there."""

from __future__ import annotations

from dataclasses import dataclass, field

from emag.simulator.answers import php_json

GATEWAY_TEXTS = {
    404: "Not Found",
    405: "Method Not Allowed",
    429: "API rate limit exceeded",
    500: "An unexpected error occurred",
    502: "An invalid response was received from the upstream server",
    503: "The upstream server is currently unavailable",
    504: "The upstream server is timing out",
}
PHRASES = {
    404: "Not Found",
    405: "Not Allowed",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}


@dataclass(slots=True)
class Reply:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    #: Seconds before the first byte.
    delay: float = 0.0
    #: Send only so many bytes of the body, under the full Content-Length, and cut the line.
    cut_at: int | None = None
    #: Bytes a second; None is as fast as it goes.
    trickle: float | None = None
    #: Say nothing for so many seconds, then close.
    hang: float | None = None
    #: Reset the connection before a single byte.
    reset: bool = False
    #: Send the body in chunks instead of under a length.
    chunked: bool = False


def gateway(status: int, *, html: bool = False, empty: bool = False, text: str = "") -> Reply:
    """What the gateway says on its own: JSON without isError, a page of nginx, or nothing."""
    if empty:
        return Reply(
            status, {"Content-Type": "text/plain", "Content-Length": "0", "Server": "nginx"}
        )
    if html:
        phrase = PHRASES.get(status, "Error")
        page = (
            f"<html>\r\n<head><title>{status} {phrase}</title></head>\r\n<body>\r\n"
            f"<center><h1>{status} {phrase}</h1></center>\r\n"
            "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        )
        return Reply(status, {"Content-Type": "text/html", "Server": "nginx"}, page.encode())
    message = text or GATEWAY_TEXTS.get(status, "Error")
    return Reply(
        status,
        {"Content-Type": "application/json; charset=utf-8", "Server": "kong/0.12.1"},
        php_json({"message": message}).encode(),
    )
