"""How things are measured: in process, through the whole handler, by the processor's clock."""

import io
import math
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

WARM_UP = 8


@dataclass(frozen=True)
class Reading:
    """What one address costs."""

    p50_ms: float
    p95_ms: float
    cpu_ms: float
    sql: int
    size: int


class Browser:
    """Sends requests of one signed-in person straight into the application's handler."""

    def __init__(self, cookie: str = "") -> None:
        self.handler = WSGIHandler()
        self.cookie = cookie

    def get(self, url: str, *, partial: bool = False) -> bytes:
        path, _, query = url.partition("?")
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "HTTP_HOST": "127.0.0.1:8000",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_COOKIE": self.cookie,
            "wsgi.input": io.BytesIO(),
            "wsgi.url_scheme": "http",
        }
        if partial:
            environ |= {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "results"}
        status: list[str] = []
        response = self.handler(environ, lambda line, _headers: status.append(line))
        body = b"".join(response)
        response.close()
        if not status[0].startswith("200"):
            raise RuntimeError(f"{url} answered {status[0]}: {body[:300]!r}")
        return body


def measure_all(calls: dict[str, Callable[[], bytes]], rounds: int = 80) -> dict[str, Reading]:
    """Each call's median and 95th percentile, median processor time, statements and bytes.

    They take turns, so that whatever else the machine does in the meantime falls on all alike.
    """
    wall: dict[str, list[float]] = {name: [] for name in calls}
    cpu: dict[str, list[float]] = {name: [] for name in calls}
    statements, sizes = {}, {}
    for name, call in calls.items():
        for _ in range(WARM_UP):
            call()
        with counted() as seen:
            sizes[name] = len(call())
        statements[name] = len(seen)
    for _ in range(rounds):
        for name, call in calls.items():
            started, busy = time.perf_counter(), time.process_time()
            call()
            cpu[name].append((time.process_time() - busy) * 1000)
            wall[name].append((time.perf_counter() - started) * 1000)
    return {
        name: Reading(
            p50_ms=statistics.median(wall[name]),
            p95_ms=percentile(wall[name], 95),
            cpu_ms=statistics.median(cpu[name]),
            sql=statements[name],
            size=sizes[name],
        )
        for name in calls
    }


@contextmanager
def counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield statements


def percentile(values: list[float], share: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(len(ordered) * share / 100) - 1)]


def exponent(small: float, large: float, factor: float) -> float:
    """How cost grows with size: 0 stays the same, 1 doubles when the data doubles."""
    return math.log(large / small) / math.log(factor)
