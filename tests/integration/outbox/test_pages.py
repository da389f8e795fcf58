"""The error queue, one message, the banners, the panel."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Company
from core import paging
from core import registry as slots
from core.registry import Level, run_probes
from outbox import banners, links, panels, services
from outbox.choices import CommandStatus
from outbox.models import Command
from tests.bazaar import EXECUTOR, Buy
from tests.conftest import signed_in
from tests.factories.accounts import UserFactory
from tests.factories.outbox import AttemptFactory, CommandFactory

pytestmark = pytest.mark.django_db

URL = "/outbox/list/"
HTMX = {"headers": {"HX-Request": "true"}}


def command(status="queued", **fields):
    fields.setdefault("next_attempt_at", None)
    if status == "waiting" and fields["next_attempt_at"] is None:
        fields["next_attempt_at"] = timezone.now() + timedelta(seconds=30)
    ended = timezone.now() if status in {"done", "cancelled"} else None
    return CommandFactory(status=status, ended_at=ended, **fields)


def text_of(response):
    return response.content.decode()


def test_it_works(manager_client, account):
    company = account.company
    failed = command(
        "failed", account=account, error="The product is unknown.", error_kind="validation",
        subject_type="accounts.company", subject_id=company.pk, subject_label=str(company),
        attempts=3,
    )  # fmt: skip
    page = text_of(manager_client.get(URL))
    assert f'href="/outbox/{failed.pk}/"' in page
    assert "Buy a label" in page
    assert f'href="{company.get_absolute_url()}"' in page
    assert "The product is unknown." in page
    assert "Bazaar RO" in page


def test_the_tabs_count_what_is_in_them(manager_client):
    for status, n in {"queued": 2, "running": 1, "waiting": 1, "failed": 2, "uncertain": 2,
                      "done": 3, "cancelled": 1}.items():  # fmt: skip
        for _ in range(n):
            command(status)
    tabs = {str(tab.label): tab.count for tab in manager_client.get(URL).context["listing"].tabs}
    assert tabs == {"Pending": 3, "Retrying": 1, "Failed": 4, "Resolved": 4, "All": None}
    for tab in manager_client.get(URL).context["listing"].tabs[:-1]:
        page = manager_client.get(f"{URL}?{tab.query}")
        assert page.context["listing"].count.number == tab.count


def test_the_navigation_leads_to_what_needs_a_person(manager_client):
    assert manager_client.get("/outbox/").url == URL
    command("failed")
    assert manager_client.get("/outbox/").url == f"{URL}?status=uncertain&status=failed"


def test_the_list_takes_a_fixed_number_of_queries(
    manager_client, account, django_assert_num_queries
):
    manager_client.get("/outbox/list/")
    for _ in range(40):
        command("failed", account=account)
    with django_assert_num_queries(9):
        manager_client.get("/outbox/list/")


def test_htmx_gets_the_results_alone(manager_client):
    command("failed")
    fragment = text_of(manager_client.get(URL, **HTMX))
    assert "<html" not in fragment
    assert 'id="results"' in fragment
    assert "live:outbox" in fragment


def test_it_can_be_exported(manager_client):
    command("failed", error="Nu.")
    response = manager_client.get(f"{URL}?export=csv")
    assert "Buy a label" in b"".join(response.streaming_content).decode()


def test_it_can_be_searched_by_what_it_is_about(manager_client):
    found, other = command(payload={"order_id": 123456}), command(payload={"order_id": 99})
    page = text_of(manager_client.get(f"{URL}?q=123456"))
    assert f"/outbox/{found.pk}/" in page
    assert f"/outbox/{other.pk}/" not in page


@pytest.mark.parametrize(
    ("role", "sees", "decides"),
    [(Role.OWNER, True, True), (Role.MANAGER, True, True), (Role.ACCOUNTANT, True, False),
     (Role.PICKER, False, False), (Role.VIEWER, False, False)],
)  # fmt: skip
def test_who_may_see_and_who_may_decide(role, sees, decides):
    client = signed_in(UserFactory(role=role))
    failed = command("failed")
    assert (client.get(URL).status_code == 200) is sees
    assert (client.get(f"/outbox/{failed.pk}/").status_code == 200) is sees
    if sees:
        page = text_of(client.get(f"/outbox/{failed.pk}/"))
        assert (f"/outbox/{failed.pk}/retry/" in page) is decides
    for name in ("retry", "retry-like", "cancel", "happened", "not-happened"):
        response = client.post(f"/outbox/{failed.pk}/{name}/")
        assert (response.status_code == 403) is not decides, name


# --- One message ------------------------------------------------------------------------------


@pytest.fixture
def call_log(monkeypatch):
    """Somebody keeps a log of calls; afterwards it is whoever did before."""
    monkeypatch.setattr(links, "_call_url", [lambda call_id: f"/calls/{call_id}/"])


@pytest.mark.usefixtures("call_log")
def test_a_message_tells_everything(manager_client, manager):
    failed = command(
        "failed", error="Refused.", error_kind="validation", messages=["Preț invalid <b>"],
        requested_by=manager, attempts=1,
    )  # fmt: skip
    AttemptFactory(
        command=failed, outcome="refused", took_ms=1234, http_status=200, call_id="abc",
        message="Preț invalid <b>",
    )  # fmt: skip
    page = text_of(manager_client.get(f"/outbox/{failed.pk}/"))
    assert "Preț invalid &lt;b&gt;" in page
    assert "Correct what the marketplace names, then retry." in page
    assert "thing_id" in page
    assert "1.2 s" in page
    assert "HTTP 200" in page
    assert manager.name in page


@pytest.mark.usefixtures("call_log")
def test_the_log_of_calls_is_linked_for_those_who_may_see_it(owner_client, viewer):
    done = command("done")
    AttemptFactory(command=done, outcome="done", call_id="abc")
    assert "/calls/abc/" in text_of(owner_client.get(f"/outbox/{done.pk}/"))
    accountant = signed_in(UserFactory(role=Role.ACCOUNTANT))
    assert "/calls/abc/" not in text_of(accountant.get(f"/outbox/{done.pk}/"))
    links._call_url.clear()
    assert "/calls/abc/" not in text_of(owner_client.get(f"/outbox/{done.pk}/"))


def test_a_message_re_reads_itself(manager_client):
    fragment = text_of(manager_client.get(f"/outbox/{command().pk}/", **HTMX))
    assert fragment.lstrip().startswith('<section id="command"')
    assert "live:outbox" in fragment


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        ("queued", {"cancel"}),
        ("running", set()),
        ("waiting", {"cancel", "retry"}),
        ("uncertain", {"happened", "not-happened"}),
        ("failed", {"cancel", "retry"}),
        ("done", set()),
        ("cancelled", set()),
    ],
)
def test_only_what_can_be_done_is_offered(manager_client, status, offered):
    one = command(status)
    page = text_of(manager_client.get(f"/outbox/{one.pk}/"))
    names = ("cancel", "retry", "retry-like", "happened", "not-happened")
    assert {name for name in names if f"/outbox/{one.pk}/{name}/" in page} == offered


def test_retry_all_like_this_is_offered_where_there_are_some(manager_client, account):
    one = command("failed", account=account, error_kind="validation")
    command("failed", account=account, error_kind="validation")
    assert "Retry with 1 like this" in text_of(manager_client.get(f"/outbox/{one.pk}/"))
    response = manager_client.post(f"/outbox/{one.pk}/retry-like/", follow=True)
    assert "2 messages are sent again." in text_of(response)
    assert not Command.objects.needing_a_person().exists()


def test_the_buttons_do_what_they_say(manager_client):
    one = command("failed")
    manager_client.post(f"/outbox/{one.pk}/retry/")
    one.refresh_from_db()
    assert one.status == CommandStatus.QUEUED
    manager_client.post(f"/outbox/{one.pk}/cancel/")
    one.refresh_from_db()
    assert one.status == CommandStatus.CANCELLED


def test_a_person_settles_what_nobody_knows(manager_client, bazaar):
    one, other = command("uncertain"), command("uncertain")
    assert "It did happen?" in text_of(manager_client.get(f"/outbox/{one.pk}/happened/", **HTMX))
    manager_client.post(f"/outbox/{one.pk}/happened/", {"note": "seen"})
    one.refresh_from_db()
    assert (one.status, one.result) == (CommandStatus.DONE, "seen")
    manager_client.post(f"/outbox/{other.pk}/not-happened/", {"again": "on"})
    other.refresh_from_db()
    assert other.status == CommandStatus.QUEUED


def test_a_refused_decision_says_why(manager_client):
    response = manager_client.post(f"/outbox/{command('done').pk}/retry/", **HTMX)
    assert response.status_code == 422


def test_many_are_retried_and_cancelled_at_once(manager_client):
    rows = [command("failed"), command("failed"), command("done")]
    post = {"action": "retry", "step": "run", "ids": [row.pk for row in rows]}
    page = text_of(manager_client.post(URL, post, follow=True))
    assert "Only what failed or waits can be tried again." in page
    assert Command.objects.filter(status="queued").count() == 2
    post = {"action": "cancel", "step": "run", "ids": [row.pk for row in rows[:2]]}
    manager_client.post(URL, post)
    assert Command.objects.filter(status="cancelled").count() == 2


# --- Stopped lanes ----------------------------------------------------------------------------


def test_a_stopped_lane_stands_above_the_list_and_can_go_on(manager_client, account, lane):
    services.pause_lane(EXECUTOR, account, reason_kind="auth", reason="Wrong password.")
    assert "Wrong password." in text_of(manager_client.get(URL))
    fragment = text_of(manager_client.get("/outbox/lanes/", **HTMX))
    assert f"/outbox/lanes/{lane.pk}/resume/" in fragment
    accountant = signed_in(UserFactory(role=Role.ACCOUNTANT))
    assert accountant.post(f"/outbox/lanes/{lane.pk}/resume/").status_code == 403
    manager_client.post(f"/outbox/lanes/{lane.pk}/resume/")
    assert "Wrong password." not in text_of(manager_client.get(URL))


# --- Counter, banners, panel ------------------------------------------------------------------


def test_the_navigation_counts_what_needs_a_person(manager_client, manager, monkeypatch):
    for status in ("failed", "uncertain", "waiting", "done"):
        command(status)
    (item,) = [
        item
        for _section, items in slots.nav_for(manager)
        for item in items
        if item.url_name == "outbox:error_queue"
    ]
    assert item.counter(manager) == 2
    monkeypatch.setattr(paging, "EXACT_UP_TO", 0)
    assert item.counter(manager) == 1, "every page asks: nobody counts them all"
    assert (item.section, item.topic, item.key) == ("control", "outbox", "e")


def bad_probes():
    names = [f"outbox.{kind}" for kind in
             ("auth", "rate_limit", "unavailable", "validation", "unknown", "failed")]  # fmt: skip
    return {probe.name: probe for probe in run_probes(names) if probe.level != Level.OK}


def test_without_trouble_there_is_no_banner(account, lane):
    command("queued"), command("done"), command("cancelled")
    command("waiting", error_kind="unavailable", attempts=1)  # over in two seconds
    assert bad_probes() == {}


@pytest.mark.parametrize(
    ("kind", "fields", "words", "query"),
    [
        ("validation", {"status": "failed", "error_kind": "validation"}, "refused 1 message",
         "status=failed&error_kind=validation"),
        ("unavailable", {"status": "waiting", "error_kind": "unavailable", "attempts": 3},
         "cannot be reached", "status=waiting&error_kind=unavailable"),
        ("unknown", {"status": "uncertain"}, "no clear answer", "status=uncertain"),
        ("failed", {"status": "failed", "error_kind": "bug"}, "could not be sent",
         "status=failed&error_kind=rule&error_kind=bug"),
    ],
)  # fmt: skip
def test_each_trouble_has_words_of_its_own(manager_client, kind, fields, words, query):
    one = command(**fields)
    probes = bad_probes()
    assert probes.keys() == {f"outbox.{kind}"}
    probe = probes[f"outbox.{kind}"]
    assert probe.banner
    assert words in str(probe.message)
    assert probe.url.startswith(f"{URL}?{query}")
    assert f"/outbox/{one.pk}/" in text_of(manager_client.get(probe.url))
    assert words in text_of(manager_client.get(reverse("core:shell_state")))


def test_a_refused_sign_in_has_words_of_its_own(account, lane):
    services.pause_lane(EXECUTOR, account, reason_kind="auth", reason="Wrong password.")
    probe = bad_probes()["outbox.auth"]
    assert probe.level == Level.BAD
    assert "Bazaar RO" in str(probe.message)
    assert "Wrong password." in str(probe.message)


def test_a_used_up_limit_has_words_of_its_own(account, lane):
    lane.resting_until = timezone.now() + timedelta(seconds=20)
    lane.save()
    assert "goes on by itself" in str(bad_probes()["outbox.rate_limit"].message)
    lane.resting_until = timezone.now()
    lane.save()
    assert bad_probes() == {}


def test_banners_count_no_further_than_lists(account, monkeypatch):
    monkeypatch.setattr(banners, "EXACT_UP_TO", 2)
    for _number in range(5):
        command("failed", error_kind="validation")
    assert "refused 3 messages" in str(bad_probes()["outbox.validation"].message)


def test_what_is_still_looked_up_is_no_banner_yet(account):
    command("uncertain", next_attempt_at=timezone.now() + timedelta(seconds=2))
    assert bad_probes() == {}


def test_the_panel_tells_what_was_sent_about_a_thing(owner_client, account, bazaar):
    company = account.company
    services.request(Buy(7), executor=EXECUTOR, account=account, subject=company)
    panels.register_for("accounts.company_detail", Company)
    try:
        page = text_of(owner_client.get(company.get_absolute_url()))
        assert "Sent to the marketplace" in page
        assert "Buy a label" in page
        viewer = signed_in(UserFactory(role=Role.VIEWER))
        assert "Buy a label" not in text_of(viewer.get(company.get_absolute_url()))
    finally:
        slots._panels.pop(("accounts.company_detail", "sent"))


def test_a_subject_without_a_page_is_shown_as_text():
    assert links.subject_url("", None) == ""
    assert links.subject_url("gone.model", 7) == ""
    assert links.subject_url("outbox.attempt", 7) == ""


def test_the_admin_only_shows(owner_client):
    one = command("failed")
    assert owner_client.get("/admin/outbox/command/").status_code == 200
    page = owner_client.post(f"/admin/outbox/command/{one.pk}/delete/", {"post": "yes"})
    assert page.status_code == 403
