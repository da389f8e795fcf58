"""Lists of a plan, read page by page: what is counted, and when a list is in."""

from types import SimpleNamespace

import pytest
from django.utils import timezone

from emag.pulls.plans import Plan, Stage
from emag.pulls.stages import Lists, work_off
from emag.pulls.storing import Intake
from tests.factories.emag import EmagAccountFactory
from tests.unit.emag.test_paging import FakeRun

pytestmark = pytest.mark.django_db(transaction=True)


class Run(FakeRun):
    """A run that is handed over after so many pages."""

    plan = None

    def hand_over(self, plan):
        self.plan = plan

    def progress(self, done, total):
        self.pages += 1
        self.done, self.total = done, total


class Shelf:
    """A list; `moves` says by how many rows it has grown at its head when a page is asked for."""

    def __init__(self, rows, *, moves=None, counted=None):
        self.rows, self.moves, self.passes = rows, moves or {}, 0
        self.counted, self.ended = counted or rows, []

    def page(self, _stage, number):
        self.passes += number == 1
        grown = sum(by for page, by in self.moves.items() if page <= number)
        first = (number - 1) * 100 - grown
        rows = [{"id": 1_000_000 + n} for n in range(max(first, 0), min(first + 100, self.rows))]
        return SimpleNamespace(items=rows, call_id="c", read_at=timezone.now())

    def lists(self):
        def kept(neutrals):
            numbers = tuple(one.external_id for one in neutrals)
            return SimpleNamespace(new=numbers, changed=(), unchanged=(), stale=())

        intake = Intake(
            key=lambda raw: ("order:3", str(raw["id"])),
            map=lambda raw, _at: SimpleNamespace(external_id=str(raw["id"]), changed_at=None),
            store=kept,
            kind="order",
        )
        pages = -(-self.counted // 100)
        return Lists(
            intake=intake,
            page=self.page,
            count=lambda _stage: SimpleNamespace(items=self.counted, pages=pages),
            per_second=1.0,  # one after the other
            again="Again.",
            is_in=self.ended.append,
        )


def read(shelf, *, late_after=10**9):
    """Everything, chunk by chunk; the run of the last chunk."""
    account, plan = EmagAccountFactory(), Plan([Stage({})])
    while True:
        run = Run(late_after=late_after)
        if work_off(account, run, plan, shelf.lists()):
            return run
        plan = Plan.load(run.plan)


def test_it_works():
    shelf = Shelf(730)
    run = read(shelf)
    assert (run.done, run.total) == (730, 730)
    [stage] = shelf.ended
    assert not stage.is_short
    assert stage.place["seen"] == 730


@pytest.mark.parametrize("late_after", [10**9, 2])
def test_a_row_that_moves_to_the_next_page_counts_once(late_after):
    """Also where the time was up between the two pages: else what is missing would not show."""
    shelf = Shelf(730, moves={3: 20, 5: 20, 7: 20})
    read(shelf, late_after=late_after)
    assert shelf.ended[0].place["seen"] == 730
    hidden = Shelf(730, moves={3: 20, 5: 20, 7: 20}, counted=740)
    read(hidden, late_after=late_after)
    assert hidden.ended[0].is_short, "ten are missing, and twenty that came twice do not hide it"


def test_a_list_that_is_short_is_read_again():
    shelf = Shelf(250, counted=300)
    run = read(shelf)
    assert shelf.passes == 2
    assert run.lines == ["Again."]
    assert run.done == 250, "what was read twice counts once"
    assert shelf.ended[0].is_short
