"""What the shell answers while a page is open: switches, counters, palette, keys, panels."""

import json
import re
from types import SimpleNamespace

import pytest
from django.core.cache import caches
from django.test import Client

from accounts.choices import Role
from accounts.models import User
from core import registry
from core.registry import Command, Hit, Level, NavItem, Panel, Probe
from tests.conftest import signed_in
from tests.factories.accounts import UserFactory

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def _own_slots(monkeypatch):
    """What a test registers is gone after it, and nothing is remembered from the one before."""
    for name in ("_nav", "_panels", "_probes", "_commands"):
        monkeypatch.setattr(registry, name, dict(getattr(registry, name)))
    monkeypatch.setattr(registry, "_searches", [])
    monkeypatch.setattr("core.context.hubs", list)  # one that a test of sockets has left may linger
    monkeypatch.setattr("core.shared.hubs", list)
    caches["local"].clear()


def page(client: Client, path: str = "/") -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


class TestTheme:
    def test_it_works(self, viewer, viewer_client):
        response = viewer_client.post("/shell/theme/", {"theme": "dark"}, **HTMX)
        assert response.status_code == 204
        assert json.loads(response["HX-Trigger"]) == {"theme": "dark"}
        viewer.refresh_from_db()
        assert viewer.theme == "dark"
        assert '<html lang="en" data-bs-theme="dark">' in page(viewer_client)

    def test_a_stranger_keeps_it_in_a_cookie_until_signed_in(self, client):
        client.post("/shell/theme/", {"theme": "dark"}, **HTMX)
        assert 'data-bs-theme="dark"' in page(client, "/sign-in/")

    def test_system_is_left_to_the_browser(self, viewer_client):
        assert "data-bs-theme" not in page(viewer_client).split(">", 2)[1]

    def test_a_forged_cookie_is_ignored(self, client):
        client.cookies["theme"] = '"><script>'
        assert "data-bs-theme" not in page(client, "/sign-in/").split("<head>")[0]

    @pytest.mark.parametrize("path", ["/shell/theme/", "/shell/language/"])
    def test_an_unknown_choice_is_refused(self, viewer_client, path):
        assert viewer_client.post(path, {"theme": "pink", "language": "xx"}).status_code == 404
        assert viewer_client.get(path).status_code == 405

    def test_without_javascript_back_to_the_page(self, client):
        back = client.post("/shell/theme/", {"theme": "light", "next": "/sign-in/?a=1"})
        assert (back.status_code, back["Location"]) == (302, "/sign-in/?a=1")

    @pytest.mark.parametrize(
        "evil",
        ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"],
    )
    def test_never_to_another_site(self, client, evil):
        assert client.post("/shell/theme/", {"theme": "light", "next": evil})["Location"] == "/"


class TestLanguage:
    def test_it_works(self, viewer, viewer_client):
        response = viewer_client.post("/shell/language/", {"language": "ro"}, **HTMX)
        assert response["HX-Refresh"] == "true"
        viewer.refresh_from_db()
        assert viewer.language == "ro"
        assert '<html lang="ro"' in page(viewer_client)

    def test_before_sign_in(self, client):
        client.post("/shell/language/", {"language": "ro"})
        assert '<html lang="ro"' in page(client, "/sign-in/")


class TestNav:
    def test_narrow_is_remembered(self, viewer, viewer_client):
        assert '<body class="narrow ' not in page(viewer_client)
        assert viewer_client.post("/shell/nav/", {"nav": "narrow"}, **HTMX).status_code == 204
        assert '<body class="narrow ' in page(viewer_client)

    def test_it_is_not_for_strangers(self, client):
        assert client.post("/shell/nav/", {"nav": "narrow"}).status_code == 302

    def test_a_page_below_an_item_marks_it(self, owner_client):
        from core import audit

        entry = audit.record("person.invited", None, by=None, label="Ana")
        source = page(owner_client, f"/audit/{entry.pk}/")
        marked = re.findall(r'<a href="([^"]+)" aria-current="page"', source)
        assert marked == ["/audit/"]

    def test_the_shell_asks_no_query(self, viewer, rf, django_assert_num_queries):
        from django.contrib.messages.storage.cookie import CookieStorage
        from django.template.loader import render_to_string

        request = rf.get("/")
        request.user, request.id = viewer, "k7f3x-9qwm2"
        request.resolver_match = None
        request._messages = CookieStorage(request)
        with django_assert_num_queries(0):
            assert "MagFlow" in render_to_string("base.html", {}, request)


class TestCountersAndBanners:
    def test_it_works(self, owner, owner_client):
        registry.register_nav(
            NavItem("Late", "clock", "core:shortcut_list", counter=lambda user: 1204, topic="jobs")
        )
        source = page(owner_client)
        assert '<em id="count-core-shortcut_list"></em>' in source
        assert 'hx-trigger="load, ' in source
        assert "live:jobs from:body" in source
        answer = owner_client.get("/shell/state/", **HTMX).content.decode()
        assert '<em id="count-core-shortcut_list" hx-swap-oob="true">1,204</em>' in answer
        source = page(owner_client)
        assert '<em id="count-core-shortcut_list">1,204</em>' in source, (
            "known numbers do not flicker"
        )
        assert 'hx-trigger="load, ' not in source

    def test_what_was_told_meanwhile_is_asked_for_at_once(self, owner_client, monkeypatch):
        registry.register_nav(
            NavItem("Late", "clock", "core:shortcut_list", counter=lambda user: 7, topic="jobs")
        )
        owner_client.get("/shell/state/", **HTMX)
        hub = SimpleNamespace(told_since=lambda topic, moment: topic == "jobs")
        monkeypatch.setattr("core.context.hubs", lambda: [hub])
        source = page(owner_client)
        assert 'hx-trigger="load, ' in source
        assert '<em id="count-core-shortcut_list">7</em>' in source, "until the answer is there"

    def test_one_counts_only_what_one_may_open(self, viewer_client):
        def never(user):
            raise AssertionError("counted for somebody who may not see it")

        registry.register_nav(
            NavItem("Late", "clock", "core:shortcut_list", "core.view_auditentry", counter=never)
        )
        assert viewer_client.get("/shell/state/", **HTMX).status_code == 200

    def test_numbers_are_each_persons_own(self, owner_client, viewer_client):
        registry.register_nav(
            NavItem("Mine", "clock", "core:shortcut_list", counter=lambda user: user.pk)
        )
        owner_client.get("/shell/state/", **HTMX)
        assert '<em id="count-core-shortcut_list"></em>' in page(viewer_client)

    def test_a_dead_worker_is_a_banner_on_every_page(self, viewer_client, monkeypatch):
        monkeypatch.setattr(registry, "_probes", {})
        registry.register_probe(
            "worker", lambda: Probe("worker", "Worker", Level.BAD, "<Gone>.", banner=True)
        )
        registry.register_probe("disk", lambda: Probe("disk", "Disk", Level.WARN, "Nearly full."))
        viewer_client.get("/shell/state/", **HTMX)
        source = page(viewer_client)
        assert "&lt;Gone&gt;." in source
        assert "Nearly full." not in source, "only probes that ask for it are banners"

    def test_a_banner_leads_only_those_who_may_there(
        self, viewer_client, owner_client, monkeypatch
    ):
        told = Probe(
            "queue", "Queue", Level.BAD, "Refused.", url="/there/", banner=True,
            permission="core.view_auditentry",
        )  # fmt: skip
        monkeypatch.setattr(registry, "_probes", {"queue": lambda: told})
        for client, leads in ((owner_client, True), (viewer_client, False)):
            client.get("/shell/state/", **HTMX)
            source = page(client)
            assert "Refused." in source
            assert ("/there/" in source) is leads

    def test_strangers_are_sent_to_sign_in(self, client):
        assert client.get("/shell/state/").status_code == 302


class TestPalette:
    def find(self, client, text=""):
        return client.get("/shell/palette/", {"q": text}, **HTMX).content.decode()

    def test_it_works(self, owner_client):
        found = self.find(owner_client)
        assert 'href="/audit/"' in found
        assert 'aria-label="Go to"' in found

    @pytest.mark.parametrize("text", ["audit", "AUD", "tra au", "áudit"])
    def test_beginnings_of_words_find(self, owner_client, text):
        assert 'href="/audit/"' in self.find(owner_client, text)

    @pytest.mark.parametrize("text", ["udit", "audit x"])
    def test_the_middle_of_a_word_does_not(self, owner_client, text):
        assert 'href="/audit/"' not in self.find(owner_client, text)

    def test_only_pages_one_may_open(self, viewer_client):
        assert 'href="/audit/"' not in self.find(viewer_client)

    def test_what_the_apps_find(self, owner_client):
        seen = []

        def search(user, text):
            seen.append((user.role, text))
            return [Hit("Ana <b>", "/people/1/", "user", "People", "ana@shop.ro")]

        registry.register_search(search)
        found = self.find(owner_client, "  Ana ")
        assert seen == [(Role.OWNER, "Ana")]
        assert "Ana &lt;b&gt;" in found
        assert 'aria-label="People"' in found

    def test_nothing_typed_searches_nothing(self, owner_client):
        registry.register_search(lambda user, text: pytest.fail("searched"))
        assert self.find(owner_client, "   ")

    def test_a_broken_search_leaves_the_others(self, owner_client):
        def broken(user, text):
            raise ZeroDivisionError

        registry.register_search(broken)
        registry.register_search(lambda user, text: [Hit("Ana", "/people/1/")])
        assert "/people/1/" in self.find(owner_client, "ana")

    def test_things_to_do_by_permission(self, owner_client, viewer_client):
        registry.register_command(
            Command("x", "Erase all", "core:shortcut_list", permission="core.view_auditentry")
        )
        assert "Erase all" in self.find(owner_client, "erase")
        assert "Erase all" not in self.find(viewer_client, "erase")

    def test_the_text_is_escaped(self, owner_client):
        assert "&lt;script&gt;" in self.find(owner_client, "<script>zz")

    def test_strangers_find_nothing(self, client):
        assert client.get("/shell/palette/", {"q": "audit"}).status_code == 302


def test_the_list_of_keys(owner_client, viewer_client):
    keys = owner_client.get("/shell/keys/", **HTMX).content.decode()
    assert "<kbd>Ctrl</kbd> <kbd>S</kbd>" in keys
    assert "Audit trail" in keys
    assert "Audit trail" not in viewer_client.get("/shell/keys/", **HTMX).content.decode()


class TestPanels:
    @pytest.fixture
    def shown(self, settings):
        """panels("tests.page", user) as the template of a page prints it."""
        from django.template import Context, Template
        from django.test import RequestFactory

        def show(reader: User, subject: User) -> str:
            request = RequestFactory().get("/")
            request.user, request.id = reader, "k7f3x-9qwm2"
            source = Template('{% panels "tests.page" subject %}')
            return source.render(Context({"request": request, "subject": subject}))

        return show

    def register(self, panel_id="a", **options):
        options = {"permission": "", "template": "components/stat.html", "model": User} | options
        registry.register_panel(Panel("tests.page", panel_id, "Orders of", **options))

    def test_it_works(self, shown, owner, viewer):
        self.register(context=lambda request, person: {"label": "Name", "value": person.name})
        printed = shown(owner, viewer)
        assert 'id="panel-a"' in printed
        assert viewer.name in printed

    def test_not_without_the_permission(self, shown, owner, viewer):
        self.register(permission="core.view_auditentry")
        assert 'id="panel-a"' in shown(owner, viewer)
        assert "panel-a" not in shown(viewer, owner)

    def test_a_broken_panel_leaves_the_page_alive(self, shown, owner, viewer, caplog):
        def broken(request, person):
            raise ZeroDivisionError

        self.register("broken", context=broken)
        self.register("fine", context=lambda request, person: {"value": "still here"})
        printed = shown(owner, viewer)
        assert "This part could not be shown" in printed
        assert "k7f3x-9qwm2" in printed
        assert "still here" in printed
        assert "Panel broken of tests.page failed" in caplog.text

    def test_a_lazy_panel_is_fetched_after_the_page(self, shown, owner, viewer, owner_client):
        self.register(
            lazy=True, topic="people", context=lambda request, person: {"value": person.name}
        )
        waiting = shown(owner, viewer)
        assert viewer.name not in waiting
        address = f"/panels/tests.page/a/{viewer.pk}/"
        assert f'hx-get="{address}" hx-trigger="load"' in waiting
        fetched = owner_client.get(address, **HTMX).content.decode()
        assert viewer.name in fetched
        assert "live:people from:body" in fetched

    def test_fetching_asks_for_the_permission_again(self, viewer, viewer_client):
        self.register(permission="core.view_auditentry", lazy=True)
        assert viewer_client.get(f"/panels/tests.page/a/{viewer.pk}/").status_code == 403

    def test_what_is_not_there_is_not_found(self, owner_client):
        self.register(lazy=True)
        assert owner_client.get("/panels/tests.page/b/1/").status_code == 404
        assert owner_client.get("/panels/tests.page/a/999999/").status_code == 404


class TestErrorPages:
    @pytest.fixture(autouse=True)
    def _kit(self, settings):
        settings.ROOT_URLCONF = "tests.kit_urls"

    def test_not_found(self, viewer_client, client, db):
        known = viewer_client.get("/nowhere/")
        assert known.status_code == 404
        assert b"There is nothing here" in known.content
        assert b'id="side"' in known.content
        stranger = client.get("/nowhere/")
        assert stranger.status_code == 404
        assert b'id="side"' not in stranger.content

    def test_not_allowed(self, viewer_client):
        response = viewer_client.get("/audit/")
        assert response.status_code == 403
        assert b"not for your role" in response.content
        assert response["X-Request-ID"].encode() in response.content

    def test_a_bug_has_a_number_and_needs_no_database(self, viewer, django_assert_num_queries):
        from django.template.loader import render_to_string

        client = signed_in(viewer)
        client.raise_request_exception = False
        response = client.get("/broken/")
        assert response.status_code == 500
        assert response["X-Request-ID"].encode() in response.content
        with django_assert_num_queries(0):
            assert "went wrong" in render_to_string("500.html", {"number": "k7f3x-9qwm2"})
            assert "made no sense" in render_to_string("400.html")

    def test_a_form_that_is_too_old(self, viewer):
        client = Client(enforce_csrf_checks=True)
        client.force_login(viewer, backend="accounts.backends.RoleBackend")
        response = client.post("/shell/theme/", {"theme": "dark"})
        assert response.status_code == 403
        assert b"This form is too old" in response.content
        toast = client.post("/shell/theme/", {"theme": "dark"}, **HTMX)
        assert toast.status_code == 403
        assert "too old" in json.loads(toast["HX-Trigger"])["toast"]["message"]


class TestForms:
    @pytest.fixture
    def form(self):
        from core.views.ui_kit import SampleForm

        return SampleForm

    def test_it_works(self, form):
        printed = str(form({"name": "Magflow SRL"}))
        label = '<label for="id_name">Company name</label>'
        assert re.search(label + r'\s*<input[^>]* class="form-control"', printed)
        assert 'value="Magflow SRL"' in printed
        assert '<div class="help" id="id_name_helptext">' in printed
        assert '<span class="optional">optional</span>' in printed

    def test_errors_stand_at_the_field_and_in_a_summary_that_links(self, form):
        printed = str(form({"name": "", "price": "abc", "country": "RO", "policy": "ship"}))
        assert "2 things need another look" in printed
        assert '<a href="#id_name">Company name</a>' in printed
        assert re.search(r'<input[^>]*aria-invalid="true"[^>]*id="id_price"', printed)
        assert re.search(r'id="id_price_error".*Enter a number', printed, re.DOTALL)
        assert 'value="abc"' in printed, "what was typed is kept"

    def test_kinds_of_field(self, form):
        printed = str(form())
        assert re.search(r'<select[^>]*class="form-select"', printed)
        assert re.search(r'<textarea[^>]*class="form-control"', printed)
        assert re.search(r'<div class="unit"><input[^>]*><span>lei</span>', printed)
        assert re.search(r'<input type="checkbox"[^>]*class="form-check-input"', printed)
        assert re.search(r'<fieldset class="field">\s*<legend>Invoice</legend>', printed)


def test_a_long_name_and_no_name(db):
    for name in ("", "Ștefan-Alexandru " * 7):
        person = UserFactory(role=Role.VIEWER, name=name[:120].strip())
        assert "MagFlow" in page(signed_in(person))
