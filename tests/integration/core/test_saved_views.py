"""Saved views: naming a state, sharing it, opening with it, and who may change what."""

import pytest
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.choices import Role
from accounts.models import User
from core import live, preferences, saved_views
from core.errors import RuleViolation
from core.models import AuditEntry, SavedView
from core.saved_views import ListState
from tests.conftest import signed_in
from tests.factories.accounts import UserFactory
from tests.lists import PAGE, URL

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.lists")]

HTMX = {"HX-Request": "true"}
COLUMNS = ["name", "email", "role"]


@pytest.fixture
def other(db):
    return UserFactory(role=Role.MANAGER)


def panel(client, query=""):
    return client.get(f"{URL}?_panel=views&{query}", headers=HTMX)


def state_of(client, query=""):
    """The signed state as the page hands it out."""
    return client.get(f"{URL}?_panel=view&{query}", headers=HTMX).context["state"]


def save(client, name, query="", **data):
    data = {"name": name, "state": state_of(client, query), **data}
    return client.post("/views/save/", data, headers=HTMX)


def act(client, address, query="", **data):
    return client.post(address, {"state": state_of(client, query), **data}, headers=HTMX)


def make(by, name="Pickers", query="role=picker", **fields):
    state = ListState(page=PAGE, path=URL, query=query, columns=COLUMNS)
    return saved_views.save_view(state, by=by, name=name, **fields)


def test_it_works(manager_client, manager):
    response = save(manager_client, "  My   pickers ", "role=picker&sort=-name")
    view = SavedView.objects.get()
    assert (view.page, view.name, view.owner, view.is_shared) == (
        PAGE,
        "My pickers",
        manager,
        False,
    )
    assert view.query == "role=picker&sort=-name"
    assert view.columns == COLUMNS
    assert response.headers["HX-Redirect"] == f"{URL}?view={view.pk}&role=picker&sort=-name"

    page = manager_client.get(response.headers["HX-Redirect"])
    assert page.context["listing"].view == view
    assert "My pickers" in page.text
    assert AuditEntry.objects.get(verb="view.saved").subject_label == "My pickers"


@pytest.mark.parametrize(
    "query",
    [
        "role=picker&page=after-abc",
        "role=picker&export=csv",
        "role=picker&view=7",
        "role=picker&_state=x",
        "role=picker&action=wipe&_all=1&step=run&token=1",
        "role=picker&unknown=1",
        "role=picker&name=",
    ],
)
def test_only_filters_and_order_are_kept(manager_client, query):
    state = ListState.read(User.objects.get(), state_of(manager_client, query))
    assert state.query == "role=picker"


def test_every_operator_and_value_is_kept(manager_client):
    save(manager_client, "x", "role=picker&role=viewer&name__contains=ana+%26+co")
    assert SavedView.objects.get().query == "name__contains=ana+%26+co&role=picker&role=viewer"


def test_the_state_is_signed_for_one_person(manager_client, manager, other):
    mine = state_of(manager_client)
    assert ListState.read(manager, mine).page == PAGE
    forged = signing.dumps(
        {"page": "ops.audit_list", "path": "https://elsewhere.example"}, salt="x"
    )
    for client, state in ((signed_in(other), mine), (manager_client, forged), (manager_client, "")):
        response = client.post("/views/save/", {"name": "x", "state": state}, headers=HTMX)
        assert response.status_code == 409
    assert not SavedView.objects.exists()


def test_whoever_may_not_see_the_page_gets_no_state(viewer_client, manager):
    make(manager, is_shared=True)
    assert panel(viewer_client).status_code == 403


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_a_view_needs_a_name(manager_client, name):
    response = save(manager_client, name, is_shared="on")
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.text
    assert "checked" in response.text, "what was chosen is not lost"


def test_a_name_is_there_once(manager_client):
    save(manager_client, "Mine")
    response = save(manager_client, "Mine", "role=picker")
    assert response.status_code == 422
    assert "already a view named “Mine”" in response.text
    assert SavedView.objects.get().query == ""


def test_two_people_may_use_one_name_but_share_it_once(manager, other):
    make(manager), make(other)
    saved_views.edit_view(
        SavedView.objects.get(owner=manager), by=manager, name="Pickers", is_shared=True
    )
    with pytest.raises(RuleViolation, match="already a view"):
        saved_views.edit_view(
            SavedView.objects.get(owner=other), by=other, name="Pickers", is_shared=True
        )


def test_too_many_views(manager, monkeypatch):
    monkeypatch.setattr(saved_views, "MOST_VIEWS", 2)
    make(manager, "a"), make(manager, "b")
    with pytest.raises(RuleViolation, match="too many"):
        make(manager, "c")


# --- Sharing ----------------------------------------------------------------------------------


def test_sharing_needs_its_permission(manager, viewer):
    assert make(manager, "Shared", is_shared=True).is_shared
    with pytest.raises(RuleViolation, match="may not share"):
        make(viewer, "Shared too", is_shared=True)
    view = make(viewer, "Mine")
    with pytest.raises(RuleViolation, match="may not share"):
        saved_views.edit_view(view, by=viewer, name="Mine", is_shared=True)
    assert list(SavedView.objects.filter(is_shared=True).values_list("name", flat=True)) == [
        "Shared"
    ]


def test_the_menu_lists_mine_and_the_shared(manager_client, manager, other):
    make(manager, "Mine")
    make(other, "Hers alone")
    make(other, "Hers for all", is_shared=True)
    response = panel(manager_client)
    assert [view.name for view in response.context["mine"]] == ["Mine"]
    assert [view.name for view in response.context["shared"]] == ["Hers for all"]
    assert "Hers alone" not in response.text
    assert other.name in response.text


@pytest.mark.parametrize("action", ["edit", "overwrite", "delete"])
def test_a_personal_view_of_somebody_else_is_not_there(manager_client, other, action):
    view = make(other, "Hers")
    response = act(manager_client, f"/views/{view.pk}/{action}/", name="Stolen")
    assert response.status_code == 404
    view.refresh_from_db()
    assert (view.name, view.query) == ("Hers", "role=picker")


@pytest.mark.parametrize(
    ("role", "may"), [(Role.MANAGER, True), (Role.OWNER, True), (Role.VIEWER, False)]
)
def test_who_changes_a_shared_view(other, role, may):
    person = UserFactory(role=role)
    view = make(other, "For all", is_shared=True)
    assert saved_views.may_change(view, person) is may
    if may:
        saved_views.delete_view(view, by=person)
    else:
        with pytest.raises(RuleViolation, match="somebody else"):
            saved_views.delete_view(view, by=person)
        with pytest.raises(RuleViolation, match="somebody else"):
            saved_views.edit_view(view, by=person, name="x", is_shared=True)
    assert SavedView.objects.exists() is not may


def test_an_owner_without_the_permission_keeps_a_shared_view_shared(manager):
    """Taken away later: what is shared stays and may be renamed, taken back or deleted."""
    view = make(manager, "For all", is_shared=True)
    User.objects.filter(pk=manager.pk).update(role=Role.VIEWER)
    manager.refresh_from_db()
    view = saved_views.edit_view(view, by=manager, name="Renamed", is_shared=True)
    assert view.is_shared
    assert not saved_views.edit_view(view, by=manager, name="Renamed", is_shared=False).is_shared
    with pytest.raises(RuleViolation):
        saved_views.edit_view(view, by=manager, name="Renamed", is_shared=True)


# --- Changing ---------------------------------------------------------------------------------


def test_rename_share_and_take_back(manager_client, manager):
    view = make(manager)
    response = act(manager_client, f"/views/{view.pk}/edit/", name="Renamed", is_shared="on")
    assert response.status_code == 204
    assert "views:changed" in response.headers["HX-Trigger"]
    view.refresh_from_db()
    assert (view.name, view.is_shared, view.query) == ("Renamed", True, "role=picker")
    entry = AuditEntry.objects.get(verb="view.changed")
    assert entry.changes == {"name": ["Pickers", "Renamed"], "is_shared": [False, True]}
    act(manager_client, f"/views/{view.pk}/edit/", name="Renamed")
    view.refresh_from_db()
    assert not view.is_shared


def test_renaming_the_open_view_shows_its_new_name(manager_client, manager):
    view = make(manager)
    response = act(manager_client, f"/views/{view.pk}/edit/", f"view={view.pk}", name="New")
    assert response.headers["HX-Redirect"] == f"{URL}?view={view.pk}&role=picker"


def test_overwrite(manager_client, manager):
    view = make(manager)
    query = f"view={view.pk}&role=viewer"
    menu = panel(manager_client, query)
    assert menu.context["is_changed"]
    response = act(manager_client, f"/views/{view.pk}/overwrite/", query)
    assert response.headers["HX-Redirect"] == f"{URL}?view={view.pk}&role=viewer"
    view.refresh_from_db()
    assert view.query == "role=viewer"
    assert not panel(manager_client, query).context["is_changed"]


def test_delete(manager_client, manager):
    view, pk = make(manager, is_default=True), SavedView.objects.get().pk
    response = act(manager_client, f"/views/{pk}/delete/", f"view={pk}")
    assert response.headers["HX-Redirect"] == f"{URL}?view=all"
    assert not SavedView.objects.exists()
    manager.refresh_from_db()
    assert preferences.default_view_for(manager, PAGE) is None
    assert AuditEntry.objects.get(verb="view.deleted").subject_label == view.name


def test_others_are_told(manager):
    view = make(manager)
    assert view.pk in next(hint.ids for hint in live.waiting() if hint.topic == "views")


# --- Opening ----------------------------------------------------------------------------------


def test_the_page_opens_with_the_default(manager_client, manager):
    view = make(manager, is_default=True)
    response = manager_client.get(URL)
    assert (response.status_code, response.url) == (302, f"{URL}?view={view.pk}&role=picker")
    rows = manager_client.get(response.url).context["listing"]
    assert rows.view == view


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?view=all", {}),
        ("?role=viewer", {}),
        ("", HTMX),
        ("", {"Referer": f"http://testserver{URL}?view=1&role=picker"}),
    ],
    ids=["everything", "another filter", "a re-read", "from the page itself"],
)
def test_the_default_traps_nobody(manager_client, manager, query, headers):
    make(manager, is_default=True)
    assert manager_client.get(URL + query, headers=headers).status_code == 200


def test_from_another_page_the_default_is_opened(manager_client, manager):
    make(manager, is_default=True)
    referer = {"Referer": "http://testserver/tests/other/"}
    assert manager_client.get(URL, headers=referer).status_code == 302


def test_the_star(manager_client, manager):
    view = make(manager)
    act(manager_client, "/views/default/", view=view.pk)
    manager.refresh_from_db()
    assert preferences.default_view_for(manager, PAGE) == view.pk
    act(manager_client, "/views/default/", view="")
    manager.refresh_from_db()
    assert preferences.default_view_for(manager, PAGE) is None
    assert manager_client.get(URL).status_code == 200


def test_no_star_for_what_one_cannot_open(manager_client, manager, other):
    view = make(other, "Hers")
    act(manager_client, "/views/default/", view=view.pk)
    manager.refresh_from_db()
    assert preferences.default_view_for(manager, PAGE) is None


def test_a_default_that_was_deleted_or_taken_back(manager_client, manager, other):
    view = make(other, is_shared=True)
    preferences.save_default_view(manager, PAGE, view.pk)
    assert manager_client.get(URL).status_code == 302
    saved_views.edit_view(view, by=other, name=view.name, is_shared=False)
    assert manager_client.get(URL).status_code == 200
    saved_views.delete_view(view, by=other)
    assert manager_client.get(URL).status_code == 200


@pytest.mark.parametrize("wanted", ["0", "x", "-1", "9" * 30, "1.5", "²"])
def test_a_view_that_is_not_there(manager_client, wanted):
    response = manager_client.get(f"{URL}?view={wanted}")
    assert response.status_code == 200
    assert response.context["listing"].view is None


def test_a_view_of_another_page(manager_client, manager):
    view = make(manager)
    SavedView.objects.update(page="ops.audit_list")
    assert manager_client.get(f"{URL}?view={view.pk}").context["listing"].view is None


def test_what_views_cost(manager_client, manager):
    """Nothing without a view, one query with one; the list of views only in the menu."""
    view = make(manager)
    manager_client.get(f"{URL}?view=all")

    def about_views(captured):
        return [q for q in captured if "core_savedview" in q["sql"]]

    for query, expected in (("view=all", 0), (f"view={view.pk}&role=picker", 1)):
        with CaptureQueriesContext(connection) as captured:
            manager_client.get(f"{URL}?{query}")
        assert len(about_views(captured)) == expected
    with CaptureQueriesContext(connection) as captured:
        panel(manager_client)
    assert len(about_views(captured)) == 1


# --- Columns of a view ------------------------------------------------------------------------


def test_a_view_brings_its_columns(manager_client, manager):
    preferences.save_columns(manager, PAGE, ["name", "created_at"])
    view = make(manager)
    shown = manager_client.get(f"{URL}?view={view.pk}").context["listing"].table.shown
    assert shown == ["select", *COLUMNS]
    shown = manager_client.get(f"{URL}?view=all").context["listing"].table.shown
    assert shown == ["select", "name", "created_at"]


def test_columns_changed_on_a_view_are_kept_for_that_view(manager_client, manager, other):
    view = make(other, is_shared=True)
    address = f"{URL}?view={view.pk}&role=picker"
    response = manager_client.post(
        "/preferences/",
        {
            "state": state_of(manager_client, f"view={view.pk}&role=picker"),
            "columns": ["role", "name"],
        },
        headers=HTMX,
    )
    assert response.status_code == 204
    assert manager_client.get(address).context["listing"].table.shown[1:] == ["role", "name"]
    assert panel(manager_client, f"view={view.pk}&role=picker").context["is_changed"]
    view.refresh_from_db()
    assert view.columns == COLUMNS, "the others see it as it was"
    act(manager_client, f"/views/{view.pk}/overwrite/", f"view={view.pk}&role=picker")
    view.refresh_from_db()
    assert view.columns == ["role", "name"]
    manager.refresh_from_db()
    assert manager.preferences["columns"] == {}, "nothing of its own is left to keep"
