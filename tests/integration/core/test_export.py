"""Exports carry every matching row, in the reader's zone, and no cell can start a formula."""

import asyncio
import csv
import datetime as dt
import io
import threading
from decimal import Decimal

import openpyxl
import pytest
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.test import AsyncClient, RequestFactory
from django.test.utils import CaptureQueriesContext

from core import export, streaming
from core.export_rows import content_of
from core.models import AuditEntry
from core.streaming import streamed
from ops.tables import AuditTable


def sheet_of(data: bytes):
    return openpyxl.load_workbook(io.BytesIO(data)).active


def lines_of(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf"), "Excel needs the mark to read ș"
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


# A spreadsheet knows no time zones.
MOMENT = dt.datetime(2026, 3, 29, 4, 30, 5)  # noqa: DTZ001
DAY = dt.datetime(2026, 3, 29)  # noqa: DTZ001
ROWS = [
    ["Șosete", Decimal("1234.50"), DAY.date(), MOMENT, True],
    ["=HYPERLINK(1)", 10**17, None, "", 0],
    ["+SUM(A1)", -3, "@x", "a\x00b\x1f", 5949012345678],
    ["<b>&\"'", "", " leading", "two\nlines", "ț" * 40_000],
]


def test_csv():
    head, *body = lines_of(b"".join(export.write_csv(["A", "B", "C", "D", "E"], ROWS)))
    assert head == ["A", "B", "C", "D", "E"]
    assert body[0] == ["Șosete", "1234.50", "2026-03-29", "2026-03-29 04:30:05", "True"]
    for line in body:
        for cell in line:
            assert not cell.startswith(("=", "+", "@", "\t")), cell
    assert body[2][1] == "-3", "a number is not a formula"


def test_xlsx():
    sheet = sheet_of(b"".join(export.write_xlsx(["A", "B", "C", "D", "E"], ROWS, title="Oraș/1")))
    assert sheet.title == "Oraș 1"
    assert sheet.freeze_panes == "A2"
    values = list(sheet.values)
    assert values[0] == ("A", "B", "C", "D", "E")
    assert values[1] == (
        "Șosete",
        1234.5,
        DAY,
        MOMENT,
        True,
    )
    assert values[2][0] == "=HYPERLINK(1)"
    assert sheet["A3"].data_type in {"s", "inlineStr"}, "text, never a formula"
    assert values[2][1] == str(10**17), "digits beyond fifteen would be rounded"
    assert values[3][3] == "ab", "characters XML cannot carry are left out"
    assert values[4][3] == "two\nlines"
    assert len(values[4][4]) == 32_767


def test_amounts_have_two_decimals_in_a_sheet():
    data = b"".join(
        export.write_xlsx(["A"], [[Decimal("12.30"), Decimal("12.3456"), Decimal(7), 5, 1.5]])
    )
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    formats = [cell.number_format for cell in sheet[2]]
    assert formats == ["#,##0.00##", "#,##0.00##", "General", "General", "General"]


@pytest.mark.parametrize("write", [export.write_csv, export.write_xlsx])
def test_the_first_bytes_leave_before_the_rows_are_read(write):
    asked = []

    def rows():
        for number in range(100_000):
            asked.append(number)
            yield [number, "text"]

    stream = write(["A", "B"], rows())
    assert next(stream)
    assert len(asked) < 5_000


@pytest.fixture
def entries(db):
    moment = dt.datetime(2026, 7, 1, 9, tzinfo=dt.UTC)
    AuditEntry.objects.bulk_create(
        AuditEntry(
            at=moment + dt.timedelta(seconds=n),
            actor_name=f"Ana {n}",
            verb="person.changed",
            changes={"role": ["picker", "packer"]},
        )
        for n in range(120)
    )


def get(client, url):
    response = client.get(url)
    assert response.status_code == 200
    return response, b"".join(response.streaming_content)


def test_every_matching_row_not_only_the_page(manager_client, entries):
    response, data = get(manager_client, "/audit/?export=csv&actor_name__contains=Ana 1")
    head, *body = lines_of(data)
    assert head == ["When", "Who", "What", "On", "Changes"]
    assert len(body) == 31  # Ana 1, 10–19, 100–119
    assert body[0] == [
        "2026-07-01 12:01:59",
        "Ana 119",
        "Person changed",
        "",
        "role: picker → packer",
    ]
    assert response["Content-Disposition"].startswith('attachment; filename="audit-trail-2')


def test_the_order_of_the_page_and_its_columns(manager, manager_client, entries):
    manager.preferences = {"columns": {"ops.audit_list": ["actor_name", "at"]}}
    manager.save()
    _, data = get(manager_client, "/audit/?export=xlsx&sort=at")
    values = list(sheet_of(data).values)
    assert values[0] == ("Who", "When")
    assert values[1] == ("Ana 0", dt.datetime(2026, 7, 1, 12))  # noqa: DTZ001
    assert len(values) == 121


def test_whoever_may_not_see_the_page_gets_no_export(viewer_client, entries):
    assert viewer_client.get("/audit/?export=csv").status_code == 403


def test_an_unknown_kind_is_just_the_page(manager_client, entries):
    assert b"<table" in manager_client.get("/audit/?export=docx").content


@pytest.mark.django_db(transaction=True)
def test_under_asgi_it_streams_from_a_thread(manager, entries):
    async def read():
        client = AsyncClient()
        await client.aforce_login(manager, backend="accounts.backends.RoleBackend")
        response = await client.get("/audit/?export=csv")
        return [piece async for piece in response.streaming_content]

    pieces = asyncio.run(read())
    assert len(pieces) >= 2
    assert len(lines_of(b"".join(pieces))) == 121


@pytest.mark.django_db(transaction=True)
def test_under_asgi_it_speaks_the_readers_language_in_the_readers_zone(manager, entries):
    manager.language, manager.time_zone = "ro", "Asia/Tokyo"
    manager.save()

    async def read():
        client = AsyncClient()
        await client.aforce_login(manager, backend="accounts.backends.RoleBackend")
        response = await client.get("/audit/?export=csv")
        return b"".join([piece async for piece in response.streaming_content])

    head, first, *_rest = lines_of(asyncio.run(read()))
    assert head[0] == "Când"
    assert first[0] == "2026-07-01 18:01:59"


def test_under_asgi_the_fifth_waits_for_its_turn(monkeypatch):
    monkeypatch.setattr(streaming, "_places", threading.BoundedSemaphore(1))

    async def read():
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
        request = ASGIRequest(scope, io.BytesIO())
        held = streamed(request, lambda: iter_of(b"a", b"b"))
        assert await anext(held) == b"a"
        waits = asyncio.ensure_future(anext(streamed(request, lambda: iter_of(b"c"))))
        await asyncio.sleep(0.1)
        still_waiting = not waits.done()
        await held.aclose()
        return still_waiting, await asyncio.wait_for(waits, 5)

    # The held one made both its pieces and ended; with an endless one the other really waits.
    def iter_of(*pieces):
        yield from pieces
        while len(pieces) == 2:
            yield b"more"

    assert asyncio.run(read()) == (True, b"c")


def test_under_asgi_a_reader_who_sleeps_is_given_up(monkeypatch):
    monkeypatch.setattr(streaming, "PATIENCE", 0.05)
    ended = threading.Event()

    def endless():
        try:
            while True:
                yield b"x"
        finally:
            ended.set()

    async def read():
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
        stream = streamed(ASGIRequest(scope, io.BytesIO()), endless)
        assert await anext(stream) == b"x"
        return await asyncio.to_thread(ended.wait, 5)

    assert asyncio.run(read())


def test_under_asgi_a_reader_who_leaves_stops_the_work():
    made = []

    def endless():
        while True:
            made.append(1)
            yield b"x"

    async def leave_early():
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
        stream = streamed(ASGIRequest(scope, io.BytesIO()), endless)
        assert await anext(stream) == b"x"
        await stream.aclose()
        count = len(made)
        await asyncio.sleep(0.1)
        return count

    count = asyncio.run(leave_early())
    assert len(made) <= count + 2


def test_under_asgi_an_error_breaks_the_stream_instead_of_ending_it_politely(caplog):
    def broken():
        yield b"x"
        raise RuntimeError("the disk is gone")

    async def read():
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
        return [piece async for piece in streamed(ASGIRequest(scope, io.BytesIO()), broken)]

    with pytest.raises(RuntimeError, match="the disk is gone"):
        asyncio.run(read())


def test_under_wsgi_it_is_the_plain_generator():
    assert list(streamed(RequestFactory().get("/"), lambda: iter([b"a", b"b"]))) == [b"a", b"b"]


def test_only_the_asked_columns_are_read(entries):
    table = AuditTable(AuditEntry.objects.all())
    table.show(["actor_name"], selectable=False)
    with CaptureQueriesContext(connection) as queries:
        assert len(list(content_of(table, title="Audit").rows())) == 120
    assert "search_text" not in " ".join(query["sql"] for query in queries)
