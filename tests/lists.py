"""A list page with bulk actions of its own, so that the kit is tested and not one of its pages.

What an action does to a person is counted in `session_epoch`: a row that was changed twice shows.
"""

from django import forms
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.db.models import F
from django.urls import include, path
from django.utils.translation import ngettext_lazy

from accounts.models import User
from core import audit, live, registry
from core.actions import BulkAction
from core.columns import LinkColumn, SelectColumn, TextColumn, WhenColumn
from core.errors import RuleViolation
from core.filters import BaseFilterSet, Choice, Text
from core.tables import BaseTable, Tab, table_page

PAGE = "tests.people"
URL = "/tests/people/"


class PeopleTable(BaseTable):
    select = SelectColumn()
    name = LinkColumn("Name", view="bulk_test_person", orderable=True)
    email = TextColumn("Email", keep=True)
    role = TextColumn("Role", keep=True)
    created_at = WhenColumn("Added", orderable=True, start_hidden=True)

    class Meta:
        model = User
        order_by = "name"
        fields = ()


class PeopleFilter(BaseFilterSet):
    name = Text("Name")
    role = Choice("Role", choices=[("viewer", "Viewer"), ("picker", "Picker")], is_main=True)

    class Meta:
        model = User
        fields = ()


@permission_required("accounts.view_user", raise_exception=True)
def people(request):
    return table_page(
        request,
        page=PAGE,
        title="People",
        table=PeopleTable,
        filterset=PeopleFilter,
        queryset=User.objects.filter(email__endswith="@list.example"),
        live="people",
        tabs=[Tab("All", ""), Tab("Pickers", "role=picker")],
    )


def person(request, pk):
    raise NotImplementedError


@transaction.atomic
def touch(pk, *, by, note=""):
    person = User.objects.locked().get(pk=pk)
    can_touch(person, by)
    if person.name.startswith("Broken"):
        raise ZeroDivisionError(person.name)
    User.objects.filter(pk=pk).update(session_epoch=F("session_epoch") + 1)
    audit.record("person.touched", person, by=by, note=note)
    live.touch("people", pk)


def can_touch(person, by):
    if person.name.startswith("Refused"):
        raise RuleViolation("Nobody may touch this one.")


class NoteForm(forms.Form):
    note = forms.CharField(label="Note", max_length=20)

    def __init__(self, *args, by, **options):
        super().__init__(*args, **options)
        self.fields["note"].help_text = f"Signed by {by}"


def register():
    """Once a process: the registry refuses a second time."""
    if registry.action(PAGE, "touch"):
        return
    common = {"model": User, "permission": "accounts.change_user", "run": touch}
    for action in (
        BulkAction(name="touch", label="Touch", check=can_touch, icon="click", **common),
        BulkAction(
            name="note",
            label="Write on",
            heading=ngettext_lazy("Write on {n} person", "Write on each of {n} people", "n"),
            form=NoteForm,
            icon="pencil",
            **common,
        ),
        BulkAction(
            name="wipe",
            label="Wipe",
            icon="trash",
            danger=True,
            confirm="{n} people lose everything.",
            **common,
        ),
        BulkAction(
            name="own",
            label="Own",
            model=User,
            permission="accounts.change_rolepolicy",
            run=touch,
        ),
    ):
        registry.register_action(PAGE, action)


register()

urlpatterns = [
    path("tests/people/", people, name="bulk_test_people"),
    path("tests/people/<int:pk>/", person, name="bulk_test_person"),
    path("", include("magflow.urls")),
]
