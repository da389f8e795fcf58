"""Which pictures of others a page may show: those of the hosts in settings.IMAGE_HOSTS.

The browser is told the same hosts (magflow.headers) and loads nothing from elsewhere; an address
that it would refuse is not put on a page at all.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings


def shown(url: str) -> str:
    """The address, where a page may show it; empty otherwise."""
    return url if _is_allowed(url, tuple(settings.IMAGE_HOSTS)) else ""


@lru_cache(maxsize=4096)
def _is_allowed(url: str, sources: tuple[str, ...]) -> bool:
    """
    >>> _is_allowed("https://s13.cdn.example/a.jpg", ("https://*.cdn.example",))
    True
    >>> _is_allowed("https://cdn.example.evil/a.jpg", ("https://*.cdn.example",))
    False
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return any(_fits(parts.scheme, parts.hostname or "", port, source) for source in sources)


def _fits(scheme: str, host: str, port: int | None, source: str) -> bool:
    wanted, _, rest = source.partition("://")
    name, _, wanted_port = rest.partition(":")
    if scheme != wanted or (wanted_port != "*" and str(port or "") != wanted_port):
        return False
    return host.endswith(name[1:]) if name.startswith("*.") else host == name
