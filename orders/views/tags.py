"""The tags there are, and those of one order."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.errors import RuleViolation, StaleData
from core.pages import AuthedRequest, done, is_partial, render_page
from core.tables import Empty, table_page
from orders import services
from orders.models import Order, Tag
from orders.tag_forms import OrderTagsForm, TagForm
from orders.tag_tables import TagFilter, TagTable


@permission_required("orders.change_tag", raise_exception=True)
def tag_list(request: AuthedRequest) -> HttpResponseBase:
    return table_page(
        request,
        page="orders.tag_list",
        title=_("Tags"),
        table=TagTable,
        filterset=TagFilter,
        queryset=Tag.objects.in_use(),
        live="tags",
        template="orders/tag_list.html",
        empty=Empty(
            _("No tags yet"),
            _("Words that you put on orders to find them again: gift, fragile, call first."),
            icon="tags",
            button=_("Add a tag"),
            url=reverse("orders:tag_add"),
        ),
    )


@permission_required("orders.change_tag", raise_exception=True)
def tag_add(request: AuthedRequest) -> HttpResponse:
    return _edit(request, None)


@permission_required("orders.change_tag", raise_exception=True)
def tag_edit(request: AuthedRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(Tag.objects.in_use(), pk=pk))


def _edit(request: AuthedRequest, tag: Tag | None) -> HttpResponse:
    form = TagForm(request.POST or None, initial=TagForm.values_of(tag) if tag else None)
    status = 422 if form.is_bound else 200
    if form.is_bound and form.is_valid():
        facts = {name: form.cleaned_data[name] for name in ("name", "colour", "position")}
        try:
            if tag is None:
                services.create_tag(**facts, by=request.user)
            else:
                stamp = form.cleaned_data["stamp"]
                services.change_tag(tag, **facts, by=request.user, stamp=stamp)
        except RuleViolation as error:
            form.add_error("name", str(error))
        except StaleData as error:
            status = error.status
            stored = get_object_or_404(Tag.objects.in_use(), pk=tag and tag.pk)
            form.show_conflict(stored, str(error))
        else:
            return done(request, _("Saved."), reverse("orders:tag_list"))
    title = _("Change %(name)s") % {"name": tag.name} if tag else _("Add a tag")
    context = {"form": form, "title": title, "tag": tag, "cancel": reverse("orders:tag_list")}
    return render_page(request, "orders/tag_form.html", context, status)


@require_POST
@permission_required("orders.change_tag", raise_exception=True)
def tag_remove(request: AuthedRequest, pk: int) -> HttpResponse:
    tag = get_object_or_404(Tag.objects.in_use(), pk=pk)
    services.remove_tag(tag, by=request.user)
    return done(request, _("The tag is being taken off all orders."), reverse("orders:tag_list"))


@permission_required("orders.tag_order", raise_exception=True)
def order_tags(request: AuthedRequest, pk: int) -> HttpResponse:
    """The dialog in which an order is given its tags."""
    order = get_object_or_404(Order, pk=pk)
    form = OrderTagsForm(request.POST if request.method == "POST" else None, order=order)
    if form.is_bound and form.is_valid():
        try:
            put_on, taken_off = form.difference()
            services.retag_order(order, add=put_on, remove=taken_off, by=request.user)
        except RuleViolation as error:
            form.add_error(None, str(error))
        else:
            return done(request, _("Saved."), order.get_absolute_url())
    template = "orders/_order_tags.html" if is_partial(request) else "orders/order_tags.html"
    context = {"form": form, "order": order, "title": _("Tags")}
    return render_page(request, template, context, 422 if form.is_bound else 200)
