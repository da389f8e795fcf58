"""How customers are scored: the numbers of the formula, what a change would do, and its history."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.audit_words import told
from core.errors import StaleData
from core.models import AuditEntry, JobRun
from core.pages import AuthedRequest, done, render_page
from orders.choices import CustomerTier
from orders.customers.forms import ScoringForm
from orders.models import ScoringRules
from orders.services import customer_preview, customer_rules

HISTORY = 20


@permission_required("orders.change_scoring", raise_exception=True)
def scoring_edit(request: AuthedRequest) -> HttpResponse:
    rules = customer_rules.current_rules()
    if request.method != "POST":
        return _page(request, ScoringForm(instance=rules, initial={"version": rules.version}))
    form = ScoringForm(request.POST, instance=ScoringRules())
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        customer_rules.change_rules(by=request.user, **form.cleaned_data)
    except StaleData as error:
        form.add_error(None, str(error))
        form.data = {**form.data.dict(), "version": str(rules.version)}  # type: ignore[attr-defined]
        return _page(request, form, status=StaleData.status)
    return done(
        request,
        _("Saved. Everybody is scored anew; the figures follow within a minute or so."),
        reverse("orders:scoring_edit"),
    )


@require_POST
@permission_required("orders.change_scoring", raise_exception=True)
def scoring_preview(request: AuthedRequest) -> HttpResponse:
    """What saving would do: how many customers move to another tier."""
    form = ScoringForm(request.POST, instance=ScoringRules())
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        numbers = {name: form.cleaned_data[name] for name in customer_rules.NAMES}
        found = customer_preview.preview(ScoringRules(**numbers))
        tiers = [(CustomerTier(name).label, n) for name, n in found.tiers.items()]
        context |= {"preview": found, "tiers": tiers}
    return render_page(request, "orders/customers/_scoring_preview.html", context)


@require_safe
@permission_required("orders.change_scoring", raise_exception=True)
def scoring_progress(request: AuthedRequest) -> HttpResponse:
    """How far the scoring of everybody is."""
    return render_page(request, "orders/customers/_scoring_runs.html", {"runs": _runs()})


def _runs() -> list[JobRun]:
    return list(JobRun.objects.filter(name=customer_rules.SWEEP).open().order_by("pk"))


def _page(request: AuthedRequest, form: ScoringForm, status: int = 200) -> HttpResponse:
    entries = AuditEntry.objects.filter(verb="scoring.changed").order_by("-at", "-pk")[:HISTORY]
    context = {
        "form": form,
        "history": [_event(entry) for entry in entries],
        "runs": _runs(),
    }
    return render_page(request, "orders/customers/scoring_edit.html", context, status=status)


def _event(entry: AuditEntry) -> dict[str, object]:
    changes = (f"{name}: {a} → {b}" for name, a, b in told(entry.subject_type, entry.changes))
    return {
        "icon": "adjustments", "tone": "blue", "text": "; ".join(changes),
        "who": entry.actor_name, "at": entry.at, "note": "",
    }  # fmt: skip
