"""Every address as every role, against the table that people read: docs/permissions.md.

After a change of pages or permissions, write the table anew and look at the difference:

    UPDATE_DOCS=1 python3 manage.py test tests/integration/test_permissions.py
"""

import difflib
import logging
import os
from itertools import groupby

import pytest
from django.test import Client
from django.urls import reverse

from accounts import roles
from accounts.choices import Role
from accounts.models import User
from accounts.services import mfa, people
from magflow.environment import BASE_DIR
from tests.conftest import signed_in
from tests.factories.accounts import UserFactory
from tests.urlwalk import ANONYMOUS, WHO, World, fresh_client, needs, routes, url_of, walk

TABLE = BASE_DIR / "docs" / "permissions.md"

# --- Views without a permission, each with its reason -----------------------------------------

PUBLIC = {
    "health": "load balancers and monitors ask it; it says whether pages can be served, no more",
    "core:set_theme": "a switch on the sign-in page too, kept in a cookie there",
    "core:set_language": "a switch on the sign-in page too, kept in a cookie there",
    "core:offline": "kept by the browser for when there is no connection; says nothing of anybody",
    "core:service_worker": "the script that shows it",
    "core:export_file": "a file too large for a mail; its signed link is the key, for a week",
    "emag:hook": "eMAG calls it; the token in the address is the key, and it only queues a reading",
    "orders:document": "marketplaces fetch files there; the address is signed, ends, and is logged",
    "accounts:invitation_accept": "the invited have no password yet; the link proves who it is",
    "account_login": "signing in",
    "account_logout": "signing out; a stranger is sent to the sign-in page",
    "account_inactive": "tells somebody with the right password that they were deactivated",
    "mfa_authenticate": "the second step of signing in; needs the first one in the session",
    "mfa_login_webauthn": "signing in with a passkey",
    "account_reset_password": "for who forgot the password; says the same for every address",
    "account_reset_password_done": "the page after it",
    "account_reset_password_from_key": "choosing a new password; the mailed link proves who it is",
    "account_reset_password_from_key_done": "the page after it",
}

ANY_PERSON = {
    "ops:home": "everybody lands here; its boxes each ask for their own permission",
    "core:set_nav": "how wide one's own navigation is",
    "core:shell_state": "counters and banners; a counter asks for its page's permission",
    "core:palette": "search and jump; shows pages and rows by their own permission",
    "core:shortcut_list": "the keys",
    "core:panel": "a box of a page; each asks for its own permission, as listed line by line",
    "core:bulk_run_page": "shown to who started it and to who may see background jobs",
    "core:bulk_run_progress": "the same, the part that re-reads itself",
    "core:bulk_run_cancel": "the same, stopping it",
    "core:bulk_run_csv": "the same, as a file",
    "core:saved_view_save": "one's own views; a signed state proves that the list was shown",
    "core:saved_view_default": "with which view a list opens for oneself",
    "core:saved_view_edit": "one's own; a shared one also for who may share",
    "core:saved_view_overwrite": "one's own; a shared one also for who may share",
    "core:saved_view_delete": "one's own; a shared one also for who may share",
    "core:preferences_save": "one's own columns and density",
    "core:scheduled_export_list": "for who may have a list sent; shows those of such lists",
    "core:scheduled_export_add": "the same; the list's own permission is asked for too",
    "core:scheduled_export_page": "the same, one of them",
    "core:scheduled_export_edit": "the same, changing it; it then runs with one's own rights",
    "core:scheduled_export_run": "the same, making a file now",
    "core:scheduled_export_pause": "the same, letting it rest",
    "core:scheduled_export_resume": "the same, going on with it",
    "core:scheduled_export_remove": "the same, taking it away",
    "accounts:profile": "oneself",
    "accounts:security": "oneself",
    "accounts:two_factor_needed": "where one is sent to set up two-factor",
    "accounts:session_end": "one's own sessions",
    "accounts:session_end_others": "one's own sessions",
    "accounts:token_revoke": "one's own tokens; others' need accounts.secure_user",
    "account_change_password": "oneself",
    "account_set_password": "oneself, where there is no password yet",
    "account_reauthenticate": "oneself, before a sensitive change",
    "mfa_reauthenticate": "oneself, before a sensitive change",
    "mfa_reauthenticate_webauthn": "oneself, before a sensitive change",
    "mfa_index": "leads to one's security page",
    "mfa_list_webauthn": "leads to one's security page",
    "mfa_activate_totp": "one's own second factor",
    "mfa_deactivate_totp": "one's own second factor",
    "mfa_view_recovery_codes": "one's own second factor",
    "mfa_generate_recovery_codes": "one's own second factor",
    "mfa_add_webauthn": "one's own second factor",
    "mfa_edit_webauthn": "one's own second factor",
    "mfa_remove_webauthn": "one's own second factor",
}


def pages():
    """What we wrote: the admin guards its own views, and is walked like everything else."""
    return [route for route in routes() if not route.is_admin]


def test_every_view_has_a_permission_or_a_reason():
    bare = {route.name for route in pages() if needs(route.view) is None}
    assert bare == PUBLIC.keys() | ANY_PERSON.keys()
    assert not PUBLIC.keys() & ANY_PERSON.keys()


def test_only_public_views_are_open_to_strangers():
    opened = {r.name for r in pages() if not getattr(r.view, "login_required", True)}
    # allauth marks what strangers need; the second step of signing in checks the first itself.
    assert opened == PUBLIC.keys()


def test_views_ask_only_for_permissions_that_some_role_can_hold():
    asked = {name for r in pages() for name in (needs(r.view) or "").split(" and ") if name}
    assert asked <= {permission.name for permission in roles.permissions()}


# --- The table --------------------------------------------------------------------------------


@pytest.fixture
def quiet():
    """Two thousand refusals are what is wanted here, and no news for the log."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_the_table_says_what_is_true(db, quiet):
    written = table(walk(World()))
    if os.environ.get("UPDATE_DOCS"):
        TABLE.write_text(written)
    found = TABLE.read_text() if TABLE.exists() else ""
    lines = difflib.unified_diff(
        found.splitlines(), written.splitlines(), str(TABLE.name), "what is true", lineterm="", n=0
    )
    assert found == written, "\n".join(["see the top of this file", *lines])


HEAD = """\
# Who may do what

Written by `tests/integration/test_permissions.py`, which visits every address as everybody and
fails while this file says something else. Do not edit it by hand.

- **yes**: an answer, be it a page, a redirect, a file or a form that shows what is wrong with it.
- **no**: refused (403). **not there**: answered as if it did not exist (404).
- **sign in**: sent to the sign-in page.
- POST rows are sent without data. *Needs* is the permission of the view; which roles hold it
  stands in `accounts/roles.py` and on the page *Roles*.

The rows about a person visit a viewer. Managers are refused everything about owners, and nobody
can deactivate themselves or the last owner: those rules lie in `accounts/services/rules.py`.
A bulk run, a saved view and an API token belong to the owner here, so the rows show what others
can do with it.
"""


def table(rows):
    ours = [row for row in rows if not row.address.startswith("/admin/")]
    records = [row for row in rows if row.address.startswith("/admin/")]
    return "\n".join(
        [
            HEAD,
            "## Pages\n",
            *lines(ours, with_needs=True),
            "\n## Records (the Django admin)\n",
            "Everything there is read-only; owners see all of it, managers what they may see.\n",
            *lines(records, with_needs=False),
            "\n## Open to strangers, and why\n",
            *reasons(PUBLIC),
            "\n## Open to everybody who is signed in, and why\n",
            *reasons(ANY_PERSON),
            "",
        ]
    )


def lines(rows, *, with_needs):
    columns = ["URL name", "Address", "Method", *(["Needs"] if with_needs else []), *WHO]
    yield f"| {' | '.join(columns)} |"
    yield f"|{' --- |' * len(columns)}"

    def same(row):
        return (row.name, row.address, row.needs, row.cells)

    for (name, address, guard, cells), group in groupby(rows, key=same):
        methods = " ".join(row.method for row in group)
        facts = [name or "(old address)", f"`{address}`", methods]
        yield f"| {' | '.join([*facts, *([guard] if with_needs else []), *cells])} |"


def reasons(listed):
    return [f"- `{name}`: {reason}." for name, reason in listed.items()]


# --- People who may no longer, or not yet -----------------------------------------------------


def ways_in():
    """Every address a signed-in person may ask for, with its values."""
    world = World()
    for route in pages():
        if route.name not in PUBLIC:
            yield from (
                url_of(route, values) for _label, values in world.arguments(route, Role.OWNER)
            )


def test_somebody_deactivated_is_a_stranger_with_the_next_click(db, quiet, owner):
    manager = UserFactory(role=Role.MANAGER)
    client = fresh_client(manager)
    assert client.get(reverse("accounts:person_list")).status_code == 200
    people.deactivate_person(manager, by=owner)
    for url in ways_in():
        response = client.get(url)
        assert response.status_code == 302, url
        assert response["Location"].startswith(reverse("account_login")), url


def test_somebody_who_must_set_up_two_factor_gets_nowhere_else(db, quiet, owner):
    mfa.set_role_policy(Role.OWNER, require_mfa=True, by=None)
    client = fresh_client(User.objects.get(pk=owner.pk))
    needed = reverse("accounts:two_factor_needed")
    open_to_them = {
        reverse(name)
        for name in (
            "accounts:two_factor_needed",
            "account_reauthenticate",
            "mfa_activate_totp",
            "mfa_add_webauthn",
            "mfa_view_recovery_codes",
            "mfa_index",
        )
    }
    for url in {*ways_in(), reverse("admin:index"), reverse("admin:core_auditentry_changelist")}:
        response = client.get(url)
        if url in open_to_them:
            assert response.status_code in {200, 302, 403, 404}, url
            assert response.headers.get("Location") != needed, url
        else:
            assert response.status_code == 302, url
            assert response["Location"] == needed, url
        assert client.post(url).status_code in {302, 405} or url in open_to_them, url


def test_two_factor_is_asked_for_inside_a_page_too(db, owner):
    mfa.set_role_policy(Role.OWNER, require_mfa=True, by=None)
    client = fresh_client(User.objects.get(pk=owner.pk))
    response = client.get(reverse("ops:audit_list"), headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert response["HX-Redirect"] == reverse("accounts:two_factor_needed")


def test_an_expired_session_moves_the_whole_window_to_the_sign_in(db, viewer):
    client = signed_in(viewer)
    client.session.flush()
    response = client.get(
        reverse("accounts:company_list") + "?name=x",
        headers={
            "HX-Request": "true",
            "HX-Current-URL": "http://testserver/companies/?name=x&page=last",
        },
    )
    assert (response.status_code, response.content) == (204, b"")
    where = response["HX-Redirect"]
    assert where == f"{reverse('account_login')}?next=/companies/%3Fname%3Dx%26page%3Dlast"


def test_no_fragment_is_given_to_a_stranger(db, quiet):
    for url in ways_in():
        response = Client().get(url, headers={"HX-Request": "true"})
        assert response.status_code == 204, url
        assert response["HX-Redirect"].startswith(reverse("account_login")), url


# --- The machinery itself ---------------------------------------------------------------------


def test_a_view_without_its_permission_would_be_found():
    """Taken off its decorator, a view shows as bare: the walk does not look at names."""
    guarded = next(route for route in pages() if route.name == "ops:audit_list").view
    assert needs(guarded) == "core.view_auditentry"
    assert needs(guarded.__wrapped__) is None


def test_the_walk_sees_a_permission_that_changes(db, quiet, monkeypatch):
    monkeypatch.setitem(roles._HELD, Role.VIEWER, roles._HELD[Role.VIEWER] | {"core.view_jobrun"})
    world = World()
    route = next(route for route in pages() if route.name == "ops:job_run_list")
    seen = {who: world.visit(route, who, "GET", url_of(route, {})) for who in WHO}
    assert seen[Role.VIEWER] == "yes"
    assert seen[Role.PICKER] == "no"
    assert seen[ANONYMOUS] == "sign in"
