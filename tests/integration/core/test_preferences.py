"""Columns and density: kept with the person, and two tabs do not undo each other."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core import preferences
from core.errors import RuleViolation
from core.preferences import columns_for, density_for, remember, save_columns
from tests.conftest import signed_in
from tests.lists import PAGE, URL

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.lists")]

HTMX = {"HX-Request": "true"}


def state_of(client, query=""):
    return client.get(f"{URL}?_panel=columns&{query}", headers=HTMX).context["state"]


def save(client, **data):
    return client.post("/preferences/", {"state": state_of(client), **data}, headers=HTMX)


def shown(client):
    return client.get(URL).context["listing"].table.shown


def test_it_works(manager_client, manager):
    assert shown(manager_client) == ["select", "name", "email", "role"]
    response = save(manager_client, columns=["role", "name"], density="compact")
    assert response.status_code == 204
    assert "columns:saved" in response.headers["HX-Trigger"]
    assert shown(manager_client) == ["select", "role", "name"]
    manager.refresh_from_db()
    assert manager.preferences == {"columns": {PAGE: ["role", "name"]}, "density": "compact"}
    assert manager_client.get(URL).context["listing"].density == "compact"


def test_reset(manager_client):
    save(manager_client, columns=["role"])
    save(manager_client, columns=["role"], reset="1")
    assert shown(manager_client) == ["select", "name", "email", "role"]


def test_the_menu_shows_the_columns_in_their_order(manager_client):
    save(manager_client, columns=["role", "name"])
    response = manager_client.get(f"{URL}?_panel=columns", headers=HTMX)
    choices = [(each.name, each.is_shown) for each in response.context["choices"]]
    assert choices == [("role", True), ("name", True), ("email", False), ("created_at", False)]
    assert "Added" in response.text


def test_one_page_does_not_touch_another(manager):
    save_columns(manager, "a.list", ["x"])
    save_columns(manager, "b.list", ["y"])
    assert columns_for(manager, "a.list") == ["x"]
    assert columns_for(manager, "b.list") == ["y"]
    assert columns_for(manager, "c.list") is None


@pytest.mark.parametrize(
    "columns", [[], ["<script>"], ["x" * 61], [f"c{i}" for i in range(61)], [""]]
)
def test_what_is_no_list_of_columns(manager_client, manager, columns):
    assert save(manager_client, columns=columns).status_code == 422
    manager.refresh_from_db()
    assert "columns" not in manager.preferences


def test_a_column_that_no_longer_exists_is_passed_over(manager_client, manager):
    save_columns(manager, PAGE, ["gone", "role"])
    assert shown(manager_client) == ["select", "role"]
    save_columns(manager, PAGE, ["gone"])
    assert shown(manager_client) == ["select", "name", "email", "role"]


def test_a_wrong_density(manager):
    with pytest.raises(RuleViolation):
        remember(manager, density="cramped")
    with pytest.raises(RuleViolation):
        remember(manager, is_superuser="yes")
    assert density_for(manager) == "comfortable"


def test_preferences_that_somebody_broke(manager):
    manager.preferences = {"columns": "x", "default_view": ["y"], "density": "compact"}
    manager.save()
    assert columns_for(manager, PAGE) is None
    assert preferences.default_view_for(manager, PAGE) is None
    save_columns(manager, PAGE, ["name"])
    assert columns_for(manager, PAGE) == ["name"]
    manager.preferences = {"columns": {PAGE: {"x": 1}}, "default_view": {PAGE: "12; drop"}}
    assert columns_for(manager, PAGE) is None
    assert preferences.default_view_for(manager, PAGE) is None


def test_two_tabs(manager):
    """Both tabs loaded the person before either saved."""
    first, second = (User.objects.get(pk=manager.pk) for _tab in range(2))
    save_columns(first, "a.list", ["x"])
    remember(second, density="compact")
    save_columns(second, "b.list", ["y"])
    manager.refresh_from_db()
    assert manager.preferences == {
        "columns": {"a.list": ["x"], "b.list": ["y"]},
        "density": "compact",
    }
    assert second.preferences == manager.preferences, "the rest of the request sees it too"


def test_a_page_pays_nothing_for_it(manager):
    manager.preferences = {"columns": {PAGE: ["role"]}, "default_view": {}}
    manager.save()
    client = signed_in(manager)
    with CaptureQueriesContext(connection) as captured:
        client.get(f"{URL}?view=all")
    asked = [q["sql"] for q in captured if "preferences" in q["sql"]]
    assert len(asked) <= 2, "the person of the request, and the rows of this very list"


def test_strangers(client):
    assert client.post("/preferences/", {"columns": ["name"]}).status_code == 302
