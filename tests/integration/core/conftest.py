"""Fixtures of the tests of live hints."""

from tests.live import open_page, person, redis_server, topics, transport, web

__all__ = ["open_page", "person", "redis_server", "topics", "transport", "web"]
