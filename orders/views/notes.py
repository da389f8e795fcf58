"""Notes on an order, and whom they name."""

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import RuleViolation
from core.pages import AuthedRequest, done, is_partial, render_page, toast, trigger
from orders import detail
from orders.mentions import colleagues
from orders.models import Mention, Order, OrderNote
from orders.services import noting

MENTIONS = 50


@require_POST
@permission_required("orders.add_ordernote", raise_exception=True)
def order_note_add(request: AuthedRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(Order, pk=pk)
    text = request.POST.get("text", "")
    try:
        note = noting.write_note(order, text, by=request.user)
    except RuleViolation as refusal:
        context = {"order": order, "text": text, "error": refusal}
        return render(request, "orders/_note_form.html", context, status=422)
    if not is_partial(request):
        return done(request, _("The note is written."), order.get_absolute_url())
    told = detail.timeline_of(order, request.user)
    response = render(request, "orders/_note_written.html", {"order": order, "told": told})
    return trigger(response, "note:written", note.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("orders.add_ordernote", raise_exception=True)
def note_edit(request: AuthedRequest, pk: int) -> HttpResponse:
    note = _of_mine(request, pk)
    text, error = request.POST.get("text", note.text), None
    if request.method == "POST":
        try:
            noting.correct_note(note, text, by=request.user)
        except RuleViolation as refusal:
            error = refusal
        else:
            return _changed(request, note, _("The note is corrected."))
    is_fresh = note.is_correctable_by(request.user)
    context = {"note": note, "is_fresh": is_fresh, "text": text, "error": error}
    status = 422 if error else 200
    return render(request, "orders/_note_edit.html", context, status=status)


@require_POST
@permission_required("orders.add_ordernote", raise_exception=True)
def note_remove(request: AuthedRequest, pk: int) -> HttpResponse:
    note = _of_mine(request, pk)
    noting.remove_note(note, by=request.user)
    return _changed(request, note, _("The note is removed."))


def _of_mine(request: AuthedRequest, pk: int) -> OrderNote:
    note = get_object_or_404(OrderNote.objects.select_related("order"), pk=pk, removed_at=None)
    if not note.is_by(request.user):
        raise PermissionDenied
    return note


def _changed(request: AuthedRequest, note: OrderNote, message: str) -> HttpResponse:
    if not is_partial(request):
        return done(request, message, note.order.get_absolute_url())
    response = trigger(trigger(HttpResponse(status=204), "modal:close"), "order:changed")
    return toast(response, message)


@require_safe
@permission_required("orders.add_ordernote", raise_exception=True)
def colleague_list(request: AuthedRequest) -> HttpResponse:
    """Whom a note may name, for the list that opens at an "@"."""
    people = [one for one in colleagues() if one.pk != request.user.pk]
    return render(request, "orders/_colleague_list.html", {"people": people})


# --- Mentions ---------------------------------------------------------------------------------


@require_safe
@permission_required("orders.view_order", raise_exception=True)
def mention_list(request: AuthedRequest) -> HttpResponse:
    """The notes that name this person, the latest first."""
    mine = Mention.objects.filter(person=request.user).select_related("note__order")
    if (before := request.GET.get("before", "")).isdecimal():
        mine = mine.filter(pk__lt=int(before))
    found = list(mine.defer("note__order__search_text")[: MENTIONS + 1])
    shown = found[:MENTIONS]
    context = {
        "mentions": shown,
        "older": shown[-1].pk if len(found) > MENTIONS else None,
        "has_unread": any(one.read_at is None for one in shown),
    }
    partial = is_partial(request)
    template = "orders/_mention_list.html" if partial else "orders/mention_list.html"
    return render_page(request, template, context)


@require_POST
@permission_required("orders.view_order", raise_exception=True)
def mention_open(request: AuthedRequest, pk: int) -> HttpResponse:
    """Take one as seen and go to the order."""
    mention = get_object_or_404(
        Mention.objects.select_related("note__order"), pk=pk, person=request.user
    )
    noting.read_mentions(request.user, mention=mention.pk)
    return redirect(f"{mention.note.order.get_absolute_url()}#note-{mention.note_id}")


@require_POST
@permission_required("orders.view_order", raise_exception=True)
def order_seen(request: AuthedRequest, pk: int) -> HttpResponse:
    """The notes that name this person are before their eyes: asked by the page that shows them."""
    noting.read_mentions(request.user, order=get_object_or_404(Order, pk=pk))
    return HttpResponse(status=204)


@require_POST
@permission_required("orders.view_order", raise_exception=True)
def mention_read_all(request: AuthedRequest) -> HttpResponse:
    noting.read_mentions(request.user)
    return done(request, _("All are read."), reverse("orders:mention_list"))
