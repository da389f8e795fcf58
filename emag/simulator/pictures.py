"""Pictures of the seeded products: a small drawing for each, in place of a content network."""

from __future__ import annotations

import re

from emag.simulator.replies import Reply, gateway

# How the addresses stand in the world, and in JSON as PHP writes it.
HOST = "https://marketplace-static.example"
_WRITTEN = HOST.replace("/", "\\/").encode()
_PATH = re.compile(r"/r/(\d{1,9})-(\d{1,2})\.jpg")
_SHAPES = (
    '<rect x="34" y="22" width="52" height="76" rx="8"/>',
    '<circle cx="60" cy="60" r="36"/>',
    '<path d="M24 44 60 24l36 20v36L60 96 24 80z"/>',
    '<path d="M22 78c20 8 56 8 76 0l-6-18H62L46 40H28z"/>',
)


def localized(body: bytes, host: str) -> bytes:
    """A reply whose pictures lead to this very server."""
    return body.replace(_WRITTEN, f"http:\\/\\/{host}".encode()) if host else body


def reply(path: str) -> Reply:
    """The drawing at an address of ours: the same product always looks the same."""
    found = _PATH.fullmatch(path)
    if found is None:
        return gateway(404)
    number, place = int(found[1]), int(found[2])
    hue = number * 47 % 360
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120">'
        f'<rect width="120" height="120" fill="hsl({hue} 45% {94 - place}%)"/>'
        f'<g fill="hsl({hue} 42% 48%)">{_SHAPES[number % len(_SHAPES)]}</g></svg>'
    )
    headers = {"Content-Type": "image/svg+xml", "Cache-Control": "max-age=86400"}
    return Reply(200, headers, svg.encode())
