"""manage.py export: documented columns, filters, and what is said of a bad one."""

import csv
import json
import re
from decimal import Decimal as D
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from orders import exports, line_exports
from tests.factories.accounts import MarketplaceAccountFactory
from tests.factories.orders import NOW, OrderFactory, line_in

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parents[3] / "docs/exports.md"


@pytest.fixture
def orders():
    account = MarketplaceAccountFactory(name="RO main")
    new = OrderFactory(
        account=account, external_id="1", shipping_price=D("14.99"), ordered_at=NOW, is_paid=True
    )
    gone = OrderFactory(
        account=account, external_id="2", status="cancelled", remote_status="0", cancel_code="31",
        lines=(line_in(sku="=1+1", is_cancelled=True), line_in(1)), changed_at=None, ordered_at=NOW,
    )  # fmt: skip
    return new, gone


def exported(tmp_path, name, **options):
    out = tmp_path / "out"
    call_command("export", name, out=str(out), **options)
    text = out.read_text(encoding="utf-8")
    if options.get("format") == "json":
        return json.loads(text)
    return list(csv.DictReader(text.splitlines()))


def test_it_works(tmp_path, orders):
    new, gone = exported(tmp_path, "orders")
    assert new == {
        "account": "RO main", "external_id": "1", "type": "own", "remote_status": "1",
        "status": "new", "ordered_at": "2026-03-03T12:22:09Z",
        "changed_at": "2026-03-03T12:18:09Z", "ship_by": "2026-03-05T12:22:09Z",
        "finalized_at": "", "payment": "cod", "is_paid": "1", "currency": "RON",
        "products_total": "199.98", "vouchers_total": "0.00", "shipping_total": "14.99",
        "fees_total": "0.00", "total": "214.97", "cancel_code": "",
    }  # fmt: skip
    assert (gone["status"], gone["cancel_code"], gone["changed_at"]) == ("cancelled", "31", "")


def test_as_json(tmp_path, orders):
    new, gone = exported(tmp_path, "orders", format="json")
    assert tuple(new) == exports.COLUMNS
    assert (new["total"], new["is_paid"]) == ("214.97", True)
    assert gone["changed_at"] is None


def test_lines(tmp_path, orders):
    lines = exported(tmp_path, "order_lines")
    assert len(lines) == 3
    assert tuple(lines[0]) == line_exports.COLUMNS
    assert (lines[0]["order"], lines[0]["quantity"], lines[0]["price"]) == ("1", "2", "82.6364")
    assert (lines[1]["sku"], lines[1]["status"]) == ("'=1+1", "cancelled")
    raw = exported(tmp_path, "order_lines", format="json")
    assert raw[1]["sku"] == "=1+1"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("status=new", ["1"]),
        ("status=new&status=cancelled", ["1", "2"]),
        ("total__gt=1000", []),
        ("is_paid=true", ["1"]),
        ("", ["1", "2"]),
    ],
)
def test_filters(tmp_path, orders, text, numbers):
    found = exported(tmp_path, "orders", filter=text)
    assert [row["external_id"] for row in found] == numbers
    lines = exported(tmp_path, "order_lines", filter=text)
    assert sorted({row["order"] for row in lines}) == numbers


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stauts=new", "There is no filter “stauts”"),
        ("status=lost", "lost"),
        ("total__gt=much", "number"),
        ("status=", "name=value"),
        ("q=ab", "three letters"),
    ],
)
def test_a_bad_filter_is_told(tmp_path, orders, text, says):
    out = tmp_path / "out"
    out.write_text("what was here before")
    with pytest.raises(CommandError, match=re.escape(says)) as told:
        call_command("export", "orders", out=str(out), filter=text)
    assert told.value.returncode == 2
    assert out.read_text() == "what was here before"
    assert list(tmp_path.iterdir()) == [out]


def test_a_place_that_cannot_be_written(tmp_path, orders):
    with pytest.raises(CommandError, match="cannot be written") as told:
        call_command("export", "orders", out=str(tmp_path / "no" / "file"))
    assert told.value.returncode == 1


def test_to_the_terminal(capsys, orders):
    call_command("export", "orders", out="-")
    assert capsys.readouterr().out.startswith("account,external_id")


@pytest.mark.parametrize("export", [exports, line_exports], ids=lambda export: export.NAME)
def test_every_column_is_documented(export):
    _, _, section = DOCS.read_text().partition(f"## {export.NAME}\n")
    section = section.partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert tuple(re.findall(r"`(\w+)`", " ".join(cells))) == export.COLUMNS


def test_rows_are_streamed(orders, django_assert_num_queries):
    with django_assert_num_queries(3):  # savepoint, cursor, savepoint
        assert len(list(exports.rows())) == 2
