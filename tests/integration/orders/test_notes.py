"""Notes on orders: written, corrected, removed, and heard by those whom they name."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.choices import Role
from core import live
from core.errors import RuleViolation
from core.models import AuditEntry
from orders.models import Mention, OrderNote
from orders.services import noting
from tests.conftest import signed_in
from tests.factories.accounts import UserFactory
from tests.factories.orders import OrderFactory
from tests.orderpage import order_page

pytestmark = pytest.mark.django_db
PARTIAL = {"HX-Request": "true"}


@pytest.fixture
def order():
    return OrderFactory()


@pytest.fixture
def ana():
    return UserFactory(name="Ana Pop", role=Role.MANAGER)


@pytest.fixture
def dan():
    return UserFactory(name="Dan Țurcanu", role=Role.PICKER)


def url(order):
    return f"{order.get_absolute_url()}notes/"


class TestWriting:
    def test_it_works(self, order, ana, dan):
        answer = signed_in(ana).post(
            url(order), {"text": " @Dan Țurcanu, sună-l\n"}, headers=PARTIAL
        )
        assert answer.status_code == 200
        note = OrderNote.objects.get()
        assert (note.order, note.author, note.text) == (order, ana, "@Dan Țurcanu, sună-l")
        assert Mention.objects.get().person == dan
        body = answer.content.decode()
        assert '<b class="mention">@Dan Țurcanu</b>' in body
        assert 'hx-swap-oob="true"' in body
        assert "note:written" in answer["HX-Trigger"]
        assert "></textarea>" in body, "an empty field for the next one"
        page = order_page(signed_in(dan), order)
        assert "sună-l" in page

    def test_without_scripts(self, order, ana):
        answer = signed_in(ana).post(url(order), {"text": "Ring twice"})
        assert answer.url == order.get_absolute_url()

    @pytest.mark.parametrize("text", ["", "  \n ", "x" * (noting.LONGEST + 1)])
    def test_what_is_refused_is_not_lost(self, order, ana, text):
        answer = signed_in(ana).post(url(order), {"text": text}, headers=PARTIAL)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.content.decode()
        assert answer.content.decode().count("x" * 100) == (40 if text.startswith("x") else 0)
        assert not OrderNote.objects.exists()

    def test_it_is_shown_as_it_was_written(self, order, ana):
        noting.write_note(order, "<script>alert(1)</script> @<b> & so on", by=ana)
        page = order_page(signed_in(ana), order)
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; @&lt;b&gt; &amp; so on" in page

    def test_who_only_looks_writes_nothing(self, order, viewer_client):
        assert viewer_client.post(url(order), {"text": "Hello"}).status_code == 403
        assert "note-text" not in order_page(viewer_client, order)
        assert viewer_client.get("/orders/colleagues/").status_code == 403

    def test_open_pages_hear_of_it(self, order, ana, dan):
        noting.write_note(order, f"@{dan.email} look", by=ana)
        heard = {hint.topic: hint.ids for hint in live.waiting()}
        assert heard["orders"] == {order.pk}
        assert heard["mentions"] == {dan.pk}


class TestMentions:
    def test_who_is_named(self, order, ana, dan):
        UserFactory(name="Ana Popescu")
        UserFactory(name="Ion Gone", is_active=False)
        for text, expected in (
            ("@Dan and @dan turcanu", [dan]),
            ("no one at shop@ana.ro", []),
            ("@Ana", []),  # there are two
            ("@Ana Pop, please", [ana]),
            ("@Ion Gone", []),
            (f"({dan.email}) @{dan.email}", [dan]),
        ):
            note = noting.write_note(order, text, by=UserFactory(name="Zoe"))
            assert [one.person for one in note.mentions.all()] == expected, text

    def test_nobody_mentions_oneself(self, order, ana):
        assert not noting.write_note(order, "@Ana Pop", by=ana).mentions.exists()

    def test_the_bell_counts_and_the_page_tells(self, order, ana, dan):
        client = signed_in(dan)
        for words in ("first", "second"):
            noting.write_note(order, f"@Dan {words}", by=ana)
        assert '<em id="count-orders-mention_list" hx-swap-oob="true">2</em>' in (
            client.get("/shell/state/").content.decode()
        )
        page = client.get("/orders/mentions/").content.decode()
        assert page.index("second") < page.index("first")
        assert page.count('class="unread"') == 2
        latest = Mention.objects.first()
        answer = client.post(f"/orders/mentions/{latest.pk}/open/")
        assert answer.url == f"{order.get_absolute_url()}#note-{latest.note_id}"
        assert noting.unread_mentions(dan) == 1
        client.post("/orders/mentions/read/")
        assert noting.unread_mentions(dan) == 0
        page = client.get("/orders/mentions/").content.decode()
        assert 'class="unread"' not in page
        assert "/orders/mentions/read/" not in page

    def test_who_looks_at_the_order_has_seen_it(self, order, ana, dan):
        noting.write_note(order, "@Dan look", by=ana)
        elsewhere = OrderFactory()
        noting.write_note(elsewhere, "@Dan here too", by=ana)
        client, asks = signed_in(dan), f"{order.get_absolute_url()}seen/"
        assert asks in order_page(client, order)
        assert asks not in order_page(signed_in(ana), order)
        assert noting.unread_mentions(dan) == 2, "reading a page changes nothing by itself"
        assert client.post(asks).status_code == 204
        assert noting.unread_mentions(dan) == 1
        assert asks not in order_page(client, order)

    def test_only_ones_own(self, order, ana, dan):
        noting.write_note(order, "@Dan hush", by=ana)
        other = signed_in(ana)
        assert "hush" not in other.get("/orders/mentions/").content.decode()
        assert other.post(f"/orders/mentions/{Mention.objects.get().pk}/open/").status_code == 404
        other.post("/orders/mentions/read/")
        assert noting.unread_mentions(dan) == 1

    def test_many_are_turned_by_page(self, order, ana, dan, django_assert_num_queries):
        for n in range(60):
            noting.write_note(order, f"@Dan number-{n}.", by=ana)
        client = signed_in(dan)
        client.get("/orders/mentions/")
        with django_assert_num_queries(3):
            page = client.get("/orders/mentions/")
        assert "number-59." in page.content.decode()
        assert "number-9." not in page.content.decode()
        rest = client.get(f"/orders/mentions/?before={page.context['older']}").content.decode()
        assert "number-9." in rest
        assert "Older" not in rest

    def test_nothing_yet(self, viewer_client):
        assert "Nobody has mentioned you" in viewer_client.get("/orders/mentions/").content.decode()

    def test_the_list_of_colleagues(self, order, ana, dan):
        page = signed_in(ana).get("/orders/colleagues/").content.decode()
        assert "Dan Țurcanu" in page
        assert "Ana Pop" not in page


class TestCorrecting:
    def test_it_works(self, order, ana, dan):
        note = noting.write_note(order, "@Dan call", by=ana)
        client = signed_in(ana)
        assert "call" in client.get(f"/orders/notes/{note.pk}/", headers=PARTIAL).content.decode()
        answer = client.post(f"/orders/notes/{note.pk}/", {"text": "do not call"}, headers=PARTIAL)
        assert answer.status_code == 204
        assert "modal:close" in answer["HX-Trigger"]
        note.refresh_from_db()
        assert note.text == "do not call"
        assert note.corrected_at
        assert not note.mentions.exists(), "who is named no more is not called any more"
        assert note.earlier == ["@Dan call"]
        assert not AuditEntry.objects.get(verb="order.note_corrected").changes
        page = order_page(client, order)
        assert "corrected" in page
        assert "@Dan call" not in order_page(signed_in(dan), order)

    def test_who_was_told_is_not_told_twice(self, order, ana, dan):
        note = noting.write_note(order, "@Dan call", by=ana)
        noting.read_mentions(dan)
        noting.correct_note(note, "@Dan please call", by=ana)
        assert noting.unread_mentions(dan) == 0

    def test_an_old_one_stays(self, order, ana):
        note = noting.write_note(order, "call", by=ana)
        OrderNote.objects.update(written_at=timezone.now() - dt.timedelta(minutes=16))
        answer = signed_in(ana).post(f"/orders/notes/{note.pk}/", {"text": "no"}, headers=PARTIAL)
        assert answer.status_code == 422
        note.refresh_from_db()
        assert note.text == "call"

    def test_only_by_its_author(self, order, ana, dan):
        note = noting.write_note(order, "call", by=ana)
        for path in ("", "remove/"):
            answer = signed_in(dan).post(f"/orders/notes/{note.pk}/{path}", {"text": "no"})
            assert answer.status_code == 403
        with pytest.raises(RuleViolation):
            noting.correct_note(note, "no", by=dan)
        assert f"/orders/notes/{note.pk}/" not in (order_page(signed_in(dan), order))

    def test_removing_keeps_it_for_auditors(self, order, ana, dan, owner_client):
        note = noting.write_note(order, "@Dan a secret", by=ana)
        client = signed_in(ana)
        client.post(f"/orders/notes/{note.pk}/remove/", headers=PARTIAL)
        assert noting.unread_mentions(dan) == 0
        assert AuditEntry.objects.filter(verb="order.note_removed").exists()
        page = order_page(signed_in(dan), order)
        assert "Note removed" in page
        assert "a secret" not in page
        page = order_page(owner_client, order)
        assert "a secret" in page
        assert "only for auditors" in page
        assert client.get(f"/orders/notes/{note.pk}/").status_code == 404

    def test_one_that_is_gone(self, order, ana):
        note = noting.write_note(order, "call", by=ana)
        noting.remove_note(note, by=ana)
        with pytest.raises(RuleViolation):
            noting.correct_note(note, "again", by=ana)

    def test_a_note_outlives_its_author(self, order, ana, viewer_client):
        note = noting.write_note(order, "call", by=ana)
        OrderNote.objects.update(author=None)
        note.refresh_from_db()
        assert not note.is_by(ana)
        assert "Ana Pop" in order_page(viewer_client, order)
