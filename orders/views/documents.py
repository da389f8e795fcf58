"""Files of documents: for colleagues, and by their signed links for everybody who has one."""

from django import forms
from django.contrib.auth.decorators import login_not_required, permission_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.lockout import place_of
from core.errors import RuleViolation
from core.pages import AuthedRequest, done, is_partial, render_page
from orders import consequences
from orders.models import OrderDocument
from orders.services import documents, revoke_document


def _answer(document: OrderDocument) -> FileResponse:
    """As a file to keep, never as a page of ours: what is inside was written by others."""
    try:
        content = document.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(
        content,
        as_attachment=True,
        filename=f"{document.name}.pdf",
        content_type="application/pdf",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
@login_not_required
def document(request: HttpRequest, token: str) -> FileResponse:
    """The marketplace fetches it here; forged and bygone addresses lead nowhere."""
    found = documents.find_public(token)
    if found is None:
        raise Http404
    documents.note_visit(found, place_of(request), request.META.get("HTTP_USER_AGENT", ""))
    return _answer(found)


@require_safe
@permission_required("orders.view_order", raise_exception=True)
def order_document(request: AuthedRequest, pk: int) -> FileResponse:
    """The same file, for who works here."""
    return _answer(get_object_or_404(OrderDocument.objects.exclude(file=""), pk=pk))


@permission_required("orders.attach_document", raise_exception=True)
def document_revoke(request: AuthedRequest, pk: int) -> HttpResponse:
    """Say what comes of it, then end the public link of a file."""
    all_of_ours = OrderDocument.objects.exclude(public_until=None).select_related("order__account")
    document = get_object_or_404(all_of_ours, pk=pk)
    why_not = [] if document.is_public else [documents.link_is_over()]
    if request.method == "POST":
        try:
            revoke_document(document, by=request.user)
        except RuleViolation as refusal:
            why_not = [str(refusal)]
        else:
            return done(request, _("The link is over."), document.order.get_absolute_url())
    context = {
        "form": forms.Form(),
        "order": document.order,
        "title": _("End the link of “%(document)s”?") % {"document": document},
        "action": {"label": _("End link"), "icon": "ban", "danger": True},
        "why_not": why_not,
        "says": consequences.of_ending_a_link(document),
    }
    template = "orders/acting/_ask.html" if is_partial(request) else "orders/acting/ask_page.html"
    return render_page(request, template, context, status=422 if request.method == "POST" else 200)
