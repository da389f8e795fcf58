"""Offers for scripts: the same columns for ever, the filters of the list."""

from decimal import Decimal

import pytest

from catalog import exports
from core.filter_text import BadFilter
from tests.factories.catalog import OfferFactory

pytestmark = pytest.mark.django_db


def exported(filter=""):
    return [dict(zip(exports.COLUMNS, row, strict=True)) for row in exports.rows(filter)]


def test_it_works():
    offer = OfferFactory(barcodes="5940000001041 5940000001058")
    (row,) = exported()
    assert tuple(row) == exports.COLUMNS
    assert row["account"] == offer.account.name
    assert row["part_number_key"] == offer.catalogue_key
    assert row["eans"] == "5940000001041 5940000001058"
    assert row["price"] == Decimal("165.2810")
    assert (row["stock"], row["status"], row["remote_status"]) == (20, "active", "1")


def test_the_filters_of_the_list():
    OfferFactory(sku="A", stock=0)
    OfferFactory(sku="B", stock=5)
    assert [row["sku"] for row in exported("stock__gt=0")] == ["B"]
    assert [row["sku"] for row in exported("status=active&stock=0")] == ["A"]


def test_a_filter_that_cannot_be_read_is_refused():
    """A typing error must not quietly give every offer, or none."""
    OfferFactory()
    with pytest.raises(BadFilter, match="stock"):
        list(exported("stock=many"))
    with pytest.raises(BadFilter, match="colour"):
        list(exported("colour=red"))


def test_queries_do_not_grow(django_assert_num_queries):
    OfferFactory.create_batch(5)
    with django_assert_num_queries(3):  # the rows, between a savepoint and its end
        assert len(exported()) == 5
