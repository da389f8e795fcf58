"""A bulk action from the list page to its result: preview, run, refusals, once."""

import uuid

import pytest
from django.test import Client

from accounts.choices import Role
from accounts.models import User
from core import bulk_worker, registry
from core.models import AuditEntry, BulkRun, BulkStatus, JobRun, RefusalKind
from tests.conftest import signed_in
from tests.factories.accounts import UserFactory
from tests.lists import PAGE, URL

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.lists")]

HTMX = {"HX-Request": "true"}


def make(n, *, name="Person", role=Role.VIEWER):
    first = User.objects.count()
    return [
        UserFactory(name=f"{name} {i:03}", email=f"p{first + i}@list.example", role=role)
        for i in range(n)
    ]


def touched():
    """Person → how often."""
    changed = User.objects.filter(session_epoch__gt=0)
    return dict(changed.values_list("pk", "session_epoch"))


def post(client, url=URL, *, htmx=True, **data):
    data.setdefault("action", "touch")
    return client.post(url, data, headers=HTMX if htmx else {})


def token_of(response):
    return response.context["run"].token


def test_it_works(manager_client, manager):
    people = make(3)
    ids = [person.pk for person in people[:2]]

    preview = post(manager_client, ids=ids, step="preview")
    assert preview.status_code == 200
    assert "Touch 2 people" in preview.text
    assert touched() == {}, "a preview changes nothing"

    done = post(manager_client, step="run", token=token_of(preview))
    assert done.status_code == 204
    assert touched() == dict.fromkeys(ids, 1)
    assert "2 done" in done.headers["HX-Trigger"]
    assert "modal:close" in done.headers["HX-Trigger"]

    run = BulkRun.objects.get()
    assert (run.status, run.done, run.cursor, run.total) == (BulkStatus.DONE, 2, 2, 2)
    entry = AuditEntry.objects.get(verb="bulk.done")
    assert (entry.actor, entry.subject_label, entry.note) == (manager, "Touch 2 people", "2 done")
    assert AuditEntry.objects.filter(verb="person.touched").count() == 2


# --- Who may ----------------------------------------------------------------------------------


def test_without_the_pages_permission(viewer_client):
    (person,) = make(1)
    assert post(viewer_client, ids=[person.pk], step="run").status_code == 403
    assert touched() == {}


@pytest.mark.parametrize("step", ["preview", "run"])
def test_without_the_actions_permission(manager_client, step):
    (person,) = make(1)
    response = post(manager_client, action="own", ids=[person.pk], step=step)
    assert response.status_code == 403
    assert touched() == {}
    assert not BulkRun.objects.exists()


def test_an_action_that_does_not_exist(manager_client):
    (person,) = make(1)
    assert post(manager_client, action="nonsense", ids=[person.pk]).status_code == 403


def test_the_bar_offers_only_what_one_may(manager_client, owner_client):
    make(1)
    assert '"action": "touch"' in manager_client.get(URL).text
    assert '"action": "own"' not in manager_client.get(URL).text
    assert '"action": "own"' in owner_client.get(URL).text


def test_somebody_elses_token(manager_client, owner_client):
    """A token is no key to another person's selection."""
    (person,) = make(1)
    preview = post(owner_client, ids=[person.pk], step="preview")
    response = post(manager_client, step="run", token=token_of(preview))
    assert response.status_code == 422
    assert touched() == {}


def test_a_token_of_another_action(owner_client):
    (person,) = make(1)
    preview = post(owner_client, ids=[person.pk], step="preview")
    response = post(
        owner_client, action="own", ids=[person.pk], step="run", token=token_of(preview)
    )
    assert response.status_code == 422
    assert touched() == {}


# --- Which rows -------------------------------------------------------------------------------


def test_ids_outside_the_filter(manager_client):
    viewer, picker = make(1) + make(1, role=Role.PICKER)
    stranger = UserFactory(role=Role.PICKER)  # not in this list at all
    ids = [viewer.pk, picker.pk, stranger.pk]
    preview = post(manager_client, f"{URL}?role=picker", ids=ids, step="preview")
    assert "2 rows you selected are no longer in this list" in preview.text
    result = post(manager_client, f"{URL}?role=picker", step="run", token=token_of(preview))
    assert touched() == {picker.pk: 1}
    assert "1 done, 2 refused" in result.text
    run = BulkRun.objects.get()
    assert set(run.refusals.values_list("object_id", "kind")) == {
        (viewer.pk, RefusalKind.GONE),
        (stranger.pk, RefusalKind.GONE),
    }
    assert stranger.name not in result.text, "what is outside is told by its number alone"


def test_all_matching_is_the_filter_and_not_the_page(manager_client):
    pickers, viewers = make(60, role=Role.PICKER), make(3)
    preview = post(manager_client, f"{URL}?role=picker", _all="1", step="preview")
    assert "Touch 60 people" in preview.text
    post(manager_client, f"{URL}?role=picker", step="run", token=token_of(preview))
    assert touched().keys() == {person.pk for person in pickers}
    assert not touched().keys() & {person.pk for person in viewers}


def test_ids_do_not_widen_what_all_means(manager_client):
    (picker,), (viewer,) = make(1, role=Role.PICKER), make(1)
    post(manager_client, f"{URL}?role=picker", _all="1", ids=[viewer.pk], step="run")
    assert touched() == {picker.pk: 1}


def test_a_filter_that_cannot_be_read_matches_nothing(manager_client):
    make(2)
    response = post(manager_client, f"{URL}?role=nonsense", _all="1", step="run")
    assert response.status_code == 422
    assert touched() == {}


def test_rows_that_come_and_go_between_preview_and_run(manager_client):
    """Exactly what was previewed is done, less what has left the list."""
    stays, leaves = make(2, role=Role.PICKER)
    url = f"{URL}?role=picker"
    preview = post(manager_client, url, _all="1", step="preview")
    User.objects.filter(pk=leaves.pk).update(role=Role.VIEWER)
    (comes,) = make(1, role=Role.PICKER)
    result = post(manager_client, url, step="run", token=token_of(preview))
    assert touched() == {stays.pk: 1}
    assert comes.pk not in touched()
    assert "no longer in this list" in result.text
    assert BulkRun.objects.get().gone == 1


def test_a_filter_cannot_be_widened_between_preview_and_run(manager_client):
    make(2, role=Role.PICKER)
    preview = post(manager_client, URL, _all="1", step="preview")
    post(manager_client, f"{URL}?role=viewer", step="run", token=token_of(preview))
    assert touched() == {}


def test_more_ids_than_django_takes_fields(manager_client):
    (person,) = make(1)
    ids = ",".join(str(n) for n in [person.pk, *range(10_000_000, 10_003_000)])
    response = post(manager_client, ids=ids, step="preview")
    assert "Touch 1 person" in response.text
    assert BulkRun.objects.get().gone == 3000


@pytest.mark.parametrize("ids", ["", "one", "1;drop", "-5", str(2**63)])
def test_selections_that_make_no_sense(manager_client, ids):
    make(1)
    response = post(manager_client, ids=ids, step="run")
    assert response.status_code == 422
    assert not BulkRun.objects.exists()


def test_more_rows_than_one_run_takes(manager_client, monkeypatch):
    monkeypatch.setattr("core.bulk.MOST_ROWS", 3)
    make(4)
    response = post(manager_client, _all="1", step="run")
    assert response.status_code == 422
    assert "At most 3 rows" in response.headers["HX-Trigger"]
    assert touched() == {}


# --- Refusals and failures --------------------------------------------------------------------


def test_the_preview_says_who_will_refuse_and_why(manager_client):
    people = make(2) + make(3, name="Refused")
    response = post(manager_client, ids=[person.pk for person in people], step="preview")
    preview = response.context["preview"]
    assert (preview.total, preview.checked, preview.refused, preview.going) == (5, 5, 3, 2)
    assert "3 will be refused" in response.text
    assert "Nobody may touch this one." in response.text
    assert people[2].get_absolute_url() in response.text


def test_the_preview_checks_only_so_many(manager_client, monkeypatch):
    monkeypatch.setattr("core.actions.PREVIEW_ROWS", 2)
    make(5)
    response = post(manager_client, _all="1", step="preview")
    assert response.context["preview"].unchecked == 3
    assert "the other 3 will be checked while it runs" in response.text


def test_nothing_to_confirm_when_all_will_refuse(manager_client):
    make(2, name="Refused")
    response = post(manager_client, _all="1", step="preview")
    assert 'type="submit"' not in response.text


def test_refusals_are_told_row_by_row(manager_client):
    fine, (refused,), (broken,) = make(2), make(1, name="Refused"), make(1, name="Broken")
    result = post(manager_client, _all="1", step="run")
    assert touched() == {person.pk: 1 for person in fine}
    assert "2 done, 1 refused, 1 failed" in result.text
    assert "Nobody may touch this one." in result.text
    assert refused.get_absolute_url() in result.text
    run = BulkRun.objects.get()
    assert run.refusals.get(object_id=refused.pk).kind == RefusalKind.REFUSED
    failure = run.refusals.get(object_id=broken.pk)
    assert failure.kind == RefusalKind.FAILED
    assert "ZeroDivisionError" not in failure.reason, "what went wrong inside is for the log"


def test_an_unexpected_failure_has_a_number_that_the_log_knows(manager_client, caplog):
    make(1, name="Broken")
    post(manager_client, _all="1", step="run")
    reason = BulkRun.objects.get().refusals.get().reason
    number = reason.split("error ")[1].split()[0]
    record = next(record for record in caplog.records if number in record.getMessage())
    assert record.exc_info[0] is ZeroDivisionError


def test_a_row_that_is_deleted_meanwhile(manager_client, monkeypatch):
    stays, goes = make(2)
    preview = post(manager_client, ids=[stays.pk, goes.pk], step="preview")
    real = bulk_worker._slice

    def delete_first(run, *args):
        User.objects.filter(pk=goes.pk).delete()
        return real(run, *args)

    monkeypatch.setattr("core.bulk_worker._slice", delete_first)
    post(manager_client, step="run", token=token_of(preview))
    refusal = BulkRun.objects.get().refusals.get()
    assert (refusal.object_id, refusal.kind) == (goes.pk, RefusalKind.GONE)
    assert touched() == {stays.pk: 1}


def test_a_broken_action_does_not_fail_a_thousand_times(manager_client, monkeypatch):
    monkeypatch.setattr("core.bulk_worker.FAILURES_IN_A_ROW", 4)
    make(9, name="Broken")
    result = post(manager_client, _all="1", step="run")
    run = BulkRun.objects.get()
    assert (run.status, run.failed, run.cursor) == (BulkStatus.STOPPED, 4, 4)
    assert "4 rows in a row failed" in result.text
    assert "5 not started" in result.text


# --- Forms and confirmation -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "title"),
    [(1, "Write on 1 person"), (2, "Write on each of 2 people"), (1234, "each of 1,234 people")],
)
def test_a_heading_of_its_own(n, title):
    assert title in registry.action(PAGE, "note").title(n)


def test_a_form_is_asked_for_and_its_values_reach_the_service(manager_client, manager):
    (person,) = make(1)
    preview = post(manager_client, action="note", ids=[person.pk], step="preview")
    assert 'name="with-note"' in preview.text
    assert f"Signed by {manager}" in preview.text
    token = token_of(preview)
    wrong = post(manager_client, action="note", step="run", token=token, **{"with-note": "x" * 21})
    assert wrong.status_code == 422
    assert "x" * 21 in wrong.text, "what was typed is not lost"
    assert touched() == {}
    post(manager_client, action="note", step="run", token=token, **{"with-note": "for Ana"})
    assert AuditEntry.objects.get(verb="person.touched").note == "for Ana"


@pytest.mark.parametrize(("n", "asks"), [(20, False), (21, True)])
def test_danger_on_many_rows_wants_the_number_typed(manager_client, n, asks):
    make(n)
    preview = post(manager_client, action="wipe", _all="1", step="preview")
    assert f"{n} people lose everything." in preview.text
    assert ('name="number"' in preview.text) is asks
    token = token_of(preview)
    bare = post(
        manager_client, action="wipe", step="run", token=token, number="20 " if asks else ""
    )
    assert bare.status_code == (422 if asks else 204)
    assert len(touched()) == (0 if asks else n)
    if asks:
        post(manager_client, action="wipe", step="run", token=token, number=f" {n} ")
        assert len(touched()) == n


# --- Once -------------------------------------------------------------------------------------


def test_a_second_press_runs_nothing(manager_client):
    (person,) = make(1)
    preview = post(manager_client, ids=[person.pk], step="preview")
    first = post(manager_client, step="run", token=token_of(preview))
    second = post(manager_client, step="run", token=token_of(preview))
    assert (first.status_code, second.status_code) == (204, 204)
    assert touched() == {person.pk: 1}
    assert AuditEntry.objects.filter(verb="bulk.done").count() == 1
    again = post(manager_client, ids=[person.pk], step="preview", token=token_of(preview))
    assert again.status_code == 204, "what is done is not offered again"


def test_a_token_made_by_the_browser(manager_client):
    (person,) = make(1)
    token = uuid.uuid4()
    for _press in range(2):
        post(manager_client, ids=[person.pk], step="run", token=token)
    assert touched() == {person.pk: 1}


# --- Without htmx -----------------------------------------------------------------------------


def test_it_works_without_javascript(manager_client):
    (person,) = make(1)
    preview = post(manager_client, htmx=False, ids=[person.pk], step="preview")
    assert "<html" in preview.text
    assert "Touch 1 person" in preview.text
    response = post(manager_client, htmx=False, step="run", token=token_of(preview))
    run = BulkRun.objects.get()
    assert response.url == run.get_absolute_url()
    assert "1 done" in manager_client.get(response.url).text


# --- Many rows go to a worker -----------------------------------------------------------------


@pytest.mark.parametrize(("n", "jobs"), [(100, 0), (101, 1)])
def test_where_a_worker_takes_over(manager_client, monkeypatch, n, jobs):
    monkeypatch.setattr("core.actions.INLINE_SECONDS", 600)
    make(n)
    result = post(manager_client, _all="1", step="run")
    assert JobRun.objects.filter(name="core.run_bulk").count() == jobs
    assert len(touched()) == (0 if jobs else n)
    if jobs:
        assert "0 of 101" in result.text
        assert BulkRun.objects.get().is_running


def test_slow_rows_are_handed_over_too(manager_client, monkeypatch):
    monkeypatch.setattr("core.actions.INLINE_SECONDS", 0)
    make(3)
    post(manager_client, _all="1", step="run")
    run = BulkRun.objects.get()
    assert (run.status, run.cursor) == (BulkStatus.RUNNING, 1)
    assert JobRun.objects.get(name="core.run_bulk").args == [run.pk]


def test_pages_of_a_run_are_for_who_started_it_and_who_sees_jobs(manager_client, owner_client):
    (person,) = make(1, role=Role.PICKER)
    post(manager_client, _all="1", step="run")
    run = BulkRun.objects.get()
    person.refresh_from_db()
    pages = [run.get_absolute_url(), f"/bulk/{run.pk}/progress/", f"/bulk/{run.pk}/result.csv"]
    for client, status in (
        (manager_client, 200),
        (owner_client, 200),
        (signed_in(person), 404),
        (Client(), 302),
    ):
        assert [client.get(page).status_code for page in pages] == [status] * 3


def test_a_preview_has_no_page(manager_client):
    make(1)
    run = post(manager_client, _all="1", step="preview").context["run"]
    assert manager_client.get(run.get_absolute_url()).status_code == 404


def test_the_result_as_a_file(manager_client):
    make(1), make(1, name="Refused"), make(1, name="Broken")
    UserFactory(name='=HYPERLINK("x")', email="formula@list.example")
    post(manager_client, _all="1", step="run")
    response = manager_client.get(f"/bulk/{BulkRun.objects.get().pk}/result.csv")
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert len(lines) == 5
    assert any("Person" in line and "Done" in line for line in lines)
    assert any("Refused" in line and "Nobody may touch this one." in line for line in lines)
    assert any("Failed" in line and "Quote error" in line for line in lines)
    assert any(",\"'=HYPERLINK" in line for line in lines), "a cell never starts a formula"


def test_it_is_found_again_under_jobs(manager_client):
    make(101)
    post(manager_client, _all="1", step="run")
    job, run = JobRun.objects.get(name="core.run_bulk"), BulkRun.objects.get()
    assert run.get_absolute_url() in manager_client.get(f"/jobs/{job.pk}/").text
