"""What a list's address filters by: five operators, clear refusals, nothing silently dropped."""

import datetime as dt
from urllib.parse import urlencode

import pytest
import time_machine
from django.db.models import TextField, Value
from django.http import QueryDict
from django.test import RequestFactory
from django.utils import timezone, translation

from accounts.models import User
from core.filter_panel import apply
from core.filters import BaseFilterSet, Choice, Flag, Number, Search, Text, When, without
from core.folding import Folded
from core.models import JobRun, SavedView
from core.text import fold

pytestmark = pytest.mark.django_db


class RunFilter(BaseFilterSet):
    q = Search("Search", columns=("name", "key"))
    status = Choice("Status", choices=(("done", "Done"), ("failed", "Failed")), is_main=True)
    name = Text("Job")
    done = Number("Pieces")
    started_at = When("Started", is_main=True)
    has_total = Flag("Counted", field_name="total__isnull")

    class Meta:
        model = JobRun
        fields = ()


def filters(query: str) -> RunFilter:
    return RunFilter(QueryDict(query), JobRun.objects.all(), request=RequestFactory().get("/"))


def names(query: str) -> list[str]:
    return sorted(filters(query).qs.values_list("name", flat=True))


@pytest.fixture(autouse=True)
def some_runs():
    def run(name, **fields):
        JobRun.objects.create(name=name, **({"status": "done"} | fields))

    midnight = dt.datetime(2026, 3, 29, tzinfo=timezone.get_default_timezone())
    run("pull orders", done=10, started_at=midnight)
    run("pull offers", done=20, started_at=midnight + dt.timedelta(hours=23, minutes=-1))
    run("push stock", done=30, started_at=midnight - dt.timedelta(seconds=1), status="failed")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["pull offers", "pull orders", "push stock"]),
        ("name=pull orders", ["pull orders"]),
        ("name__contains=PULL", ["pull offers", "pull orders"]),
        ("done=20", ["pull offers"]),
        ("done__gt=10", ["pull offers", "push stock"]),
        ("done__lt=20", ["pull orders"]),
        ("done__between=10..20", ["pull offers", "pull orders"]),
        ("done__between=20..", ["pull offers", "push stock"]),
        ("done__between=..10", ["pull orders"]),
        ("status=failed", ["push stock"]),
        ("status=failed&status=done&name__contains=stock", ["push stock"]),
        ("q=pull off", ["pull offers"]),
        ("q=off pull", ["pull offers"]),
        ("nonsense=1&sort=-name&page=last", ["pull offers", "pull orders", "push stock"]),
        # A day is the person's own, here one of 23 hours.
        ("started_at=2026-03-29", ["pull offers", "pull orders"]),
        ("started_at__lt=2026-03-29", ["push stock"]),
        ("started_at__gt=2026-03-28", ["pull offers", "pull orders"]),
        ("started_at__between=2026-03-28..2026-03-28", ["push stock"]),
    ],
)
def test_operators(query, expected):
    assert names(query) == expected


@time_machine.travel("2026-03-29 12:00 +0300", tick=False)
def test_days_by_word():
    assert names("started_at=today") == ["pull offers", "pull orders"]
    assert names("started_at=yesterday") == ["push stock"]
    assert len(names("started_at=7d")) == 3


@pytest.mark.parametrize(
    "query",
    [
        "done=ten",
        "done__between=20..10",
        "done__between=20",
        "done__between=a..b",
        "status=lost",
        "started_at=2026-02-30",
        "started_at__gt=soon",
        "started_at__gt=9999-12-31",
        "started_at__lt=0001-01-01",
        "done__gt=1e999999",
        "done=NaN",
    ],
)
def test_what_cannot_be_read_matches_nothing_and_says_why(query):
    bad = filters(query)
    assert not bad.qs.exists()
    [chip] = bad.chips()
    assert chip.error
    assert chip.remove_query == ""


def test_a_link_means_the_same_in_every_language():
    with translation.override("ro"):
        assert names("done__gt=19.5") == ["pull offers", "push stock"]
        assert [chip.text for chip in filters("done__gt=1234.5").chips()] == ["Pieces > 1.234,5"]


def test_chips_say_what_filters_and_how_to_stop_it():
    chips = filters("done__between=10..20&name__contains=pull&status=done&q=pull&sort=name").chips()
    assert [chip.text for chip in chips] == ["Pieces 10 – 20", "Job “pull”"]
    assert chips[0].remove_query == "name__contains=pull&status=done&q=pull&sort=name"


def test_a_main_filter_has_its_control_and_two_values_get_a_chip():
    one = filters("status=done")
    assert one.chips() == []
    assert [c["value"] for c in one.main_controls()] == ["done", ""]
    assert [chip.text for chip in filters("status=done&status=failed").chips()] == [
        "Status Done, Failed"
    ]


def test_only_named_filters_are_built(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert list(filters("q=abc").filters) == ["q"]


def test_a_search_waits_for_the_third_letter():
    assert filters("q=ab").search_is_too_short()
    assert not filters("q=abc").search_is_too_short()
    assert not filters("").search_is_too_short()


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Husă de telefon", "HUSA"),
        ("ȘOSETE  groși", "sosete grosi"),
        ("Hűtőszekrény", "hutosz"),
        ("Straße, Þór & Æsir", "strasse, thor & aes"),
        ("Çelik Łódź", "celik łodz"),
        ("БЪЛГАРСКИЙ", "български"),
        ("Αθήνα", "αθηνα"),
        ("100% cotton", "0% c"),
    ],
)
def test_a_text_is_found_however_it_is_written(text, asked):
    JobRun.objects.create(name=text, status="done")
    query = urlencode({"name__contains": asked})
    assert names(query) == ([text] if fold(asked) in fold(text) else [])


@pytest.mark.parametrize(
    "text",
    [
        "".join(chr(code) for code in (*range(0xC0, 0x132), *range(0x400, 0x460))),
        "Husa  DE\ttelefon",
        "Șosete  ŢEPENE şi ţepene, ÎN Mărimea Hűtő",
        "Husa\u0306 s\u0326i Ș",
        "Țeavă Ø 12 mm",
    ],
    ids=["all", "plain", "usual", "in parts", "mixed"],
)
def test_a_text_is_folded_in_the_database_as_it_is_outside(text):
    JobRun.objects.create(name="any", status="done")
    folded = JobRun.objects.values_list(Folded(Value(text, TextField())), flat=True)[0]
    assert folded == fold(text)


def test_without_starts_again_on_the_first_page():
    assert without(QueryDict("a=1&b=2&page=last"), "a") == "b=2"


def test_the_dialog_becomes_an_address():
    form = QueryDict(
        "done-op=between&done=10&done-to=20&name-op=contains&name=pull&status=done&status=failed"
        "&started_at-op=gt&started_at="
    )
    state = QueryDict("q=stock&sort=-name&name=old&page=last", mutable=True)
    assert apply(RunFilter, state, form).urlencode() == (
        "q=stock&sort=-name&status=done&status=failed&name__contains=pull&done__between=10..20"
    )


def test_a_row_with_several_matches_is_shown_once(manager):
    class PersonFilter(BaseFilterSet):
        run = Text("Run", field_name="saved_views__name")

        class Meta:
            model = User
            fields = ()

    for name in ("my morning", "my evening"):
        SavedView.objects.create(owner=manager, page="x", name=name)
    request = RequestFactory().get("/")
    found = PersonFilter(QueryDict("run__contains=my"), User.objects.all(), request=request).qs
    assert list(found) == [manager]
