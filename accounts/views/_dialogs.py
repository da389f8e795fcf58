"""What the views here share: asking in the dialog, and saving a form that others may save too."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Model
from django.forms import BaseForm, Form
from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core.errors import RuleViolation, StaleData
from core.pages import AuthedRequest, done, is_partial, render_page

Text = str | Promise


def ask(
    request: AuthedRequest,
    form: BaseForm,
    change: Callable[..., object],
    *,
    title: Text,
    button: Text,
    message: Text,
    url: str,
    says: Text = "",
    danger: bool = False,
) -> HttpResponse:
    """Show the form in the dialog; once it is filled in, call change(**values) and go to `url`.

    A refusal of the service is shown in the form, where what was typed is still there.
    """
    if form.is_bound and form.is_valid():
        try:
            change(**form.cleaned_data)
        except RuleViolation as error:
            form.add_error(None, str(error))
        else:
            return done(request, str(message), url)
    context: dict[str, Any] = {
        "form": form, "title": title, "button": button, "says": says, "danger": danger, "url": url,
    }  # fmt: skip
    template = "accounts/_ask.html" if is_partial(request) else "accounts/ask_page.html"
    return render_page(request, template, context, status=422 if form.is_bound else 200)


def confirmed(request: AuthedRequest) -> Form:
    """A form without fields, for a question that is answered by pressing the button."""
    return Form(request.POST if request.method == "POST" else None)


def edit(
    request: AuthedRequest,
    form: BaseForm,
    save: Callable[..., Model],
    *,
    template: str,
    message: Text,
    context: Mapping[str, object],
    then: Callable[[Any], str] | None = None,
) -> HttpResponse:
    """A page with a form; save(**values) answers the row whose page comes next.

    `then` names another page to go on with.
    """
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            row = save(**form.cleaned_data)
        except RuleViolation as error:
            form.add_error(None, str(error))
        except StaleData as error:
            _show_conflict(form, error)
            status = StaleData.status
        else:
            url = then(row) if then else row.get_absolute_url()  # type: ignore[attr-defined]
            return done(request, str(message), url)
    return render_page(request, template, {"form": form, **context}, status=status)


def _show_conflict(form: BaseForm, error: StaleData) -> None:
    """Keep what was typed, say beside it what is stored now, and let saving again mean it."""
    stored = type(form.instance).objects.get(pk=form.instance.pk)  # type: ignore[attr-defined]
    form.add_error(None, str(error))
    for name in form.fields:
        now = getattr(stored, name, None)
        if name in form.cleaned_data and name != "version" and form.cleaned_data[name] != now:
            form.add_error(name, _("Stored now: %(value)s") % {"value": now or "–"})
    form.data = {**form.data.dict(), "version": str(stored.version)}  # type: ignore[attr-defined]
