"""Boxes on the pages of people, companies and accounts."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Company, MarketplaceAccount, User
from accounts.services import sessions
from core.audit_words import told
from core.models import AuditEntry
from core.registry import Panel, register_panel

LATEST = 12


def history(request: HttpRequest, subject: Model) -> Mapping[str, object]:
    """What happened to this row, the latest first."""
    entries = AuditEntry.objects.filter(
        subject_type=subject._meta.label_lower, subject_id=subject.pk
    ).order_by("-at", "-pk")
    latest = list(entries[: LATEST + 1])
    for entry in latest:
        entry.told = told(entry.subject_type, entry.changes)  # type: ignore[attr-defined]
    return {"entries": latest[:LATEST], "has_more": len(latest) > LATEST}


def person_sessions(request: HttpRequest, person: Any) -> Mapping[str, object]:
    return {"sessions": sessions.described(person), "may_end": _may_secure(request, person)}


def person_tokens(request: HttpRequest, person: Any) -> Mapping[str, object]:
    return {"tokens": person.tokens.usable(), "may_end": _may_secure(request, person)}


def _may_secure(request: HttpRequest, person: User) -> bool:
    by = request.user
    return by.has_perm("accounts.secure_user") and (not person.is_superuser or by.is_superuser)


def register() -> None:
    for page, model in (
        ("accounts.person_detail", User),
        ("accounts.company_detail", Company),
        ("accounts.marketplace_account_detail", MarketplaceAccount),
    ):
        register_panel(
            Panel(
                page=page,
                id="history",
                title=_("History"),
                template="accounts/_history.html",
                permission="core.view_auditentry",
                context=history,
                model=model,
                topic="audit",
                area="side",
            )
        )
    for name, title, context in (
        ("sessions", pgettext_lazy("where", "Signed in"), person_sessions),
        ("tokens", _("API tokens"), person_tokens),
    ):
        register_panel(
            Panel(
                page="accounts.person_detail",
                id=name,
                title=title,
                template=f"accounts/_person_{name}.html",
                permission="accounts.secure_user",
                context=context,
                model=User,
                topic="people",
                order=20,
            )
        )
