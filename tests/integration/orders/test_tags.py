"""Tags: on one order and on many, and what becomes of orders when a tag changes."""

import pytest

from accounts.choices import Role
from core import hunting, jobs, paging
from core.errors import RuleViolation, StaleData
from core.models import AuditEntry, SavedView, ScheduledExport
from core.preferences import save_columns
from orders import services
from orders.models import Order, Tag
from orders.services.tagging import MOST, settle_some, unsettled
from tests.conftest import signed_in
from tests.factories.accounts import MarketplaceAccountFactory, UserFactory
from tests.factories.orders import OrderFactory

pytestmark = pytest.mark.django_db
URL = "/orders/"


@pytest.fixture
def account():
    return MarketplaceAccountFactory()


@pytest.fixture
def gift(manager):
    return services.create_tag(name="gift", colour="blue", by=manager)


def tags_of(order):
    return Order.objects.get(pk=order.pk).tags


def settle():
    jobs.run_here("orders.settle_tags")


class TestOnOrders:
    def test_it_works(self, manager, account, gift):
        order = OrderFactory(account=account)
        services.tag_order(order, ["gift"], by=manager)
        services.tag_order(order, ["gift"], by=manager)
        assert tags_of(order) == ["gift"]
        [told] = AuditEntry.objects.filter(verb="order.tagged")
        assert told.changes == {"tags": [[], ["gift"]]}
        services.untag_order(order, ["gift", "never there"], by=manager)
        assert tags_of(order) == []

    def test_on_and_off_at_once(self, manager, account, gift):
        services.create_tag(name="fragile", colour="red", by=manager)
        order = OrderFactory(account=account)
        services.tag_order(order, ["fragile"], by=manager)
        services.retag_order(order, add=["gift"], remove=["fragile"], by=manager)
        assert tags_of(order) == ["gift"]
        told = AuditEntry.objects.filter(verb="order.tagged").latest("pk")
        assert told.changes == {"tags": [["fragile"], ["gift"]]}

    def test_only_tags_that_there_are(self, manager, account):
        with pytest.raises(RuleViolation, match="no tag “nope”"):
            services.tag_order(OrderFactory(account=account), ["nope"], by=manager)

    def test_not_too_many(self, manager, account):
        names = [f"tag {n}" for n in range(MOST + 1)]
        for name in names:
            services.create_tag(name=name, colour="grey", by=manager)
        with pytest.raises(RuleViolation, match="10 tags"):
            services.tag_order(OrderFactory(account=account), names, by=manager)

    def test_what_was_seen_before_is_told(self, manager, account, gift):
        order = OrderFactory(account=account)
        seen = order.stamp
        services.tag_order(order, ["gift"], by=manager, stamp=seen)
        with pytest.raises(StaleData):
            services.untag_order(order, ["gift"], by=manager, stamp=seen)

    def test_the_list_shows_them_beside_the_customer(self, viewer_client, account, gift, manager):
        order = OrderFactory(account=account)
        services.tag_order(order, ["gift"], by=manager)
        assert 'tag tone-blue">gift</span>' in viewer_client.get(URL).content.decode()

    def test_and_in_a_column_and_a_file(self, viewer, viewer_client, account, gift, manager):
        order = OrderFactory(account=account)
        services.tag_order(order, ["gift"], by=manager)
        save_columns(viewer, "orders.order_list", ["external_id", "tags"])
        assert 'tag tone-blue">gift</span>' in viewer_client.get(URL).content.decode()
        data = b"".join(viewer_client.get(f"{URL}?export=csv").streaming_content).decode()
        assert "gift" in data

    def test_many(self, manager_client, account, gift):
        orders = [OrderFactory(account=account) for _ in range(3)]
        ids = [order.pk for order in orders[:2]]
        asked = {"action": "tag", "step": "run", "ids": ids, "with-tags": ["gift"]}
        manager_client.post(URL, asked)
        assert [tags_of(order) for order in orders] == [["gift"], ["gift"], []]
        manager_client.post(URL, {**asked, "action": "untag", "ids": ids[:1]})
        assert [tags_of(order) for order in orders] == [[], ["gift"], []]

    def test_the_dialog_of_one(self, manager_client, account, gift):
        order = OrderFactory(account=account)
        url = f"{URL}{order.pk}/tags/"
        assert 'value="gift"' in manager_client.get(url).content.decode()
        assert manager_client.post(url, {"tags": ["gift"]}).status_code == 302
        assert tags_of(order) == ["gift"]
        assert "checked" in manager_client.get(url).content.decode()
        manager_client.post(url, {"seen": ["gift"]})
        assert tags_of(order) == []
        assert manager_client.post(url, {"tags": ["nope"]}).status_code == 422

    def test_where_there_are_none_the_dialog_says_who_makes_them(self, manager_client, account):
        order = OrderFactory(account=account)
        assert "Managers add them" in manager_client.get(f"{URL}{order.pk}/tags/").content.decode()

    def test_two_people_at_the_dialog_of_one(self, manager, manager_client, account, gift):
        """The second has not seen what the first did, and does not undo it."""
        for name in ("fragile", "late"):
            services.create_tag(name=name, colour="red", by=manager)
        order = OrderFactory(account=account)
        services.tag_order(order, ["late"], by=manager)
        url = f"{URL}{order.pk}/tags/"
        drawn = manager_client.get(url).context["form"].initial
        services.retag_order(order, add=["fragile"], remove=["late"], by=manager)
        manager_client.post(url, {"tags": [*drawn["tags"], "gift"], "seen": drawn["seen"]})
        assert tags_of(order) == ["fragile", "gift"]

    def test_not_everybody(self, viewer_client, account, gift):
        order = OrderFactory(account=account)
        assert viewer_client.post(f"{URL}{order.pk}/tags/", {"tags": ["gift"]}).status_code == 403


class TestTags:
    def test_two_who_edit_at_once(self, manager_client, manager, gift):
        """The second is told what the first did, keeps what was typed, and may save it then."""
        url = f"/orders/tags/{gift.pk}/"
        typed = {"name": "gift", "colour": "blue", "position": 7, "stamp": gift.stamp}
        assert f'value="{gift.stamp}"' in manager_client.get(url).content.decode()
        services.change_tag(gift, name="gift", colour="red", position=0, by=manager)
        response = manager_client.post(url, typed)
        gift.refresh_from_db()
        assert (response.status_code, gift.colour, gift.position) == (409, "red", 0)
        page = response.content.decode()
        for words in ("was changed by somebody else", "Stored now: Red", 'value="7"'):
            assert words in page
        assert manager_client.post(url, {**typed, "stamp": gift.stamp}).status_code == 302
        gift.refresh_from_db()
        assert (gift.colour, gift.position) == ("blue", 7)

    def test_it_works(self, manager_client):
        assert "No tags yet" in manager_client.get("/orders/tags/").content.decode()
        facts = {"name": "  call   first ", "colour": "amber", "position": 3}
        assert manager_client.post("/orders/tags/add/", facts).status_code == 302
        tag = Tag.objects.get()
        assert (tag.name, tag.colour, tag.position) == ("call first", "amber", 3)
        assert "call first" in manager_client.get("/orders/tags/").content.decode()
        assert 'value="call first"' in manager_client.get(tag.get_absolute_url()).content.decode()
        manager_client.post(tag.get_absolute_url(), {**facts, "name": "call", "colour": "red"})
        tag.refresh_from_db()
        assert (tag.name, tag.colour) == ("call", "red")

    def test_the_number_of_statements(self, manager_client, gift, django_assert_num_queries):
        manager_client.get("/orders/tags/")
        with django_assert_num_queries(3):
            manager_client.get("/orders/tags/")

    def test_a_name_once(self, manager_client, manager, gift):
        answer = manager_client.post(
            "/orders/tags/add/", {"name": "Gift", "colour": "red", "position": 0}
        )
        assert answer.status_code == 422
        assert "There is a tag “Gift” already." in answer.content.decode()

    @pytest.mark.parametrize("role", [Role.PICKER, Role.VIEWER, Role.ACCOUNTANT])
    def test_not_everybody(self, role, gift):
        client = signed_in(UserFactory(role=role))
        assert client.get("/orders/tags/").status_code == 403
        assert client.post(f"/orders/tags/{gift.pk}/remove/").status_code == 403


class TestRename:
    def test_it_works(self, manager, viewer_client, account, gift):
        order = OrderFactory(account=account)
        services.tag_order(order, ["gift"], by=manager)
        services.change_tag(gift, name="present", colour="green", position=0, by=manager)
        assert tags_of(order) == ["gift"], "orders follow in the background"
        page = viewer_client.get(f"{URL}?tag=present").content.decode()
        assert 'tag tone-green">present</span>' in page
        settle()
        assert tags_of(order) == ["present"]
        assert Tag.objects.get().former_names == []
        assert unsettled() == []

    def test_two_names_one_after_the_other(self, manager, account, gift):
        order = OrderFactory(account=account)
        services.tag_order(order, ["gift"], by=manager)
        for name in ("present", "surprise", "gift", "cadou"):
            services.change_tag(gift, name=name, colour="blue", position=0, by=manager)
        settle()
        assert tags_of(order) == ["cadou"]

    def test_what_an_order_holds_twice_it_holds_once(self, manager, account, gift):
        order = OrderFactory(account=account)
        Order.objects.filter(pk=order.pk).update(tags=["a", "gift", "b", "present"])
        services.change_tag(gift, name="present", colour="blue", position=0, by=manager)
        settle()
        assert tags_of(order) == ["a", "present", "b"]

    def test_a_former_name_is_taken_until_all_have_followed(self, manager, account, gift):
        services.change_tag(gift, name="present", colour="blue", position=0, by=manager)
        with pytest.raises(RuleViolation, match="still being renamed"):
            services.create_tag(name="gift", colour="red", by=manager)
        settle()
        services.create_tag(name="gift", colour="red", by=manager)

    def test_in_parts(self, manager, account, gift, monkeypatch):
        monkeypatch.setattr("orders.services.tagging.CHUNK", 2)
        orders = [OrderFactory(account=account) for _ in range(5)]
        for order in orders:
            services.tag_order(order, ["gift"], by=manager)
        services.change_tag(gift, name="present", colour="blue", position=0, by=manager)
        assert [settle_some(gift) for _ in range(4)] == [2, 2, 1, 0]
        assert all(tags_of(order) == ["present"] for order in orders)

    def test_on_its_way_it_is_taken_off_under_its_new_name(self, manager, account, gift):
        order = OrderFactory(account=account)
        services.tag_order(order, ["gift"], by=manager)
        services.change_tag(gift, name="present", colour="blue", position=0, by=manager)
        services.untag_order(order, ["present"], by=manager)
        settle()
        assert tags_of(order) == []

    def test_on_its_way_the_dialog_keeps_it(self, manager, manager_client, account, gift):
        """Drawn before the rename or after it, saved without a change: nothing is changed."""
        order = OrderFactory(account=account)
        services.tag_order(order, ["gift"], by=manager)
        url = f"{URL}{order.pk}/tags/"
        drawn = [manager_client.get(url).context["form"].initial]
        services.change_tag(gift, name="present", colour="blue", position=0, by=manager)
        drawn.append(manager_client.get(url).context["form"].initial)
        for initial in drawn:
            assert initial["tags"]
            assert manager_client.post(url, initial).status_code == 302
        settle()
        assert tags_of(order) == ["present"]

    def test_lists_that_ask_for_the_former_name(self, manager, manager_client, account, gift):
        order = OrderFactory(account=account)
        services.tag_order(order, ["gift"], by=manager)
        services.change_tag(gift, name="present", colour="blue", position=0, by=manager)
        page = manager_client.get(f"{URL}?tag=gift").content.decode()
        assert order.external_id in page
        assert "Tag present" in page

    def test_what_is_kept_of_the_list_follows(self, manager, gift):
        services.create_tag(name="late", colour="red", by=manager)
        kept = {"page": "orders.order_list", "name": "Gifts", "owner": manager}
        view = SavedView.objects.create(query="sort=-total&tag=gift&tag=late", **kept)
        other = SavedView.objects.create(**kept | {"page": "outbox.command_list"}, query="tag=gift")
        export = ScheduledExport.objects.create(
            query="tag=gift", kind="csv", every="day", hour=6, emails=["a@shop.ro"], **kept
        )
        services.change_tag(gift, name="a present", colour="blue", position=0, by=manager)
        settle()
        for each in (view, other, export):
            each.refresh_from_db()
        assert view.query == "sort=-total&tag=a+present&tag=late"
        assert (other.query, export.query) == ("tag=gift", "tag=a+present")

    def test_who_did_it_is_told(self, manager, gift):
        services.change_tag(gift, name="present", colour="red", position=0, by=manager)
        told = AuditEntry.objects.get(verb="tag.changed")
        assert told.changes == {"name": ["gift", "present"], "colour": ["blue", "red"]}
        assert told.actor_id == manager.pk


class TestRemove:
    @pytest.mark.parametrize(
        "query", ["tag=gift", "q=husa&account=999999", "q=husa&status=nope", "q=husa&tag=gone"]
    )
    def test_a_filter_that_is_gone_shows_nothing(self, viewer_client, account, query, monkeypatch):
        """In a shop so large that lists mind how they look for what matches."""
        monkeypatch.setattr(hunting, "rows_of", lambda table: 50_000)
        monkeypatch.setattr(paging, "rows_of", lambda table: 500_000)
        OrderFactory(account=account)
        assert viewer_client.get(f"{URL}?{query}").status_code == 200

    def test_it_works(self, manager, manager_client, account, gift):
        order = OrderFactory(account=account)
        services.tag_order(order, ["gift"], by=manager)
        manager_client.post(f"/orders/tags/{gift.pk}/remove/")
        assert "gift</span>" not in manager_client.get(URL).content.decode()
        assert tags_of(order) == ["gift"]
        with pytest.raises(RuleViolation):
            services.tag_order(order, ["gift"], by=manager)
        settle()
        assert tags_of(order) == []
        assert not Tag.objects.exists()

    def test_a_rename_on_its_way_is_taken_along(self, manager, account, gift):
        order = OrderFactory(account=account)
        services.tag_order(order, ["gift"], by=manager)
        services.change_tag(gift, name="present", colour="blue", position=0, by=manager)
        services.remove_tag(gift, by=manager)
        settle()
        assert tags_of(order) == []
