"""Walks every address of the site as everybody, and tells what each gets to see.

An address with a parameter needs to know what to put there: `World.arguments`. One that nobody
filled in fails the walk, so that a new page cannot be forgotten.
"""

import inspect
import re
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from django_q.models import Schedule
from fido2 import webauthn
from fido2.cose import ES256

from accounts import links
from accounts.choices import Role
from accounts.models import ApiToken, RolePolicy
from core import audit, crypto, registry
from core.models import BulkRun, BulkStatus, ExchangeRate, JobRun, SavedView, ScheduledExport
from core.saved_views import ListState
from orders.models import OrderDocument, OrderNote, Tag
from tests.factories.accounts import (
    PASSWORD,
    BankAccountFactory,
    CompanyFactory,
    MarketplaceAccountFactory,
    UserFactory,
)
from tests.factories.catalog import OfferFactory
from tests.factories.emag import (
    ApiCallFactory,
    CredentialFactory,
    EmagAccountFactory,
    RejectedPayloadFactory,
    SnapshotFactory,
)
from tests.factories.orders import OrderFactory, customer_in
from tests.factories.outbox import CommandFactory, LaneFactory

ANONYMOUS = "anonymous"
WHO = (ANONYMOUS, *Role.values)

# What an answer means to the person.
YES, NO, SIGN_IN, NOT_THERE, OTHER_METHOD = "yes", "no", "sign in", "not there", "other method"


@dataclass(frozen=True)
class Route:
    """One line of the resolver."""

    name: str  # "accounts:person_list"; empty for the admin's forwarding of old addresses
    address: str  # "people/<int:pk>/"
    pattern: URLPattern

    @property
    def parameters(self):
        return set(self.pattern.pattern.regex.groupindex)

    @property
    def view(self):
        return self.pattern.callback

    @property
    def is_admin(self):
        return self.address.startswith("/admin/")


def routes():
    return sorted(
        _routes(get_resolver(), "", "/"), key=lambda route: (route.is_admin, route.address)
    )


def _routes(resolver, namespace, prefix):
    for pattern in resolver.url_patterns:
        address = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from _routes(pattern, namespace + inner, address)
        else:
            yield Route(namespace + pattern.name if pattern.name else "", address, pattern)


def needs(view):
    """The permission that guards a view, read out of its decorators; None where there is none."""
    while view is not None:
        inside = inspect.getclosurevars(view).nonlocals if inspect.isfunction(view) else {}
        test = inside.get("test_func")
        if test is not None:
            asked = inspect.getclosurevars(test).nonlocals
            # Without raise_exception a refused person would be sent to the sign-in, for ever.
            assert asked["raise_exception"], view
            return " and ".join(asked["perms"])
        view = getattr(view, "__wrapped__", None)
    return None


# --- The world that is walked -----------------------------------------------------------------


class World:
    """One of everything, and somebody of each role."""

    def __init__(self):
        self.people = {
            role: UserFactory(role=role, password=PASSWORD, has_mfa=True) for role in Role.values
        }
        self.clients = {ANONYMOUS: Client()}
        for role, person in self.people.items():
            client = self.clients[role] = fresh_client(person)
            session_row(person, client.session.session_key)
            for kind in ("totp", "recovery_codes", "webauthn"):
                Authenticator.objects.create(user=person, type=kind, data=AUTHENTICATORS[kind])
        self.other = UserFactory(role=Role.VIEWER)
        self.invited = UserFactory(role=Role.VIEWER, invited=True)
        self.away = UserFactory(role=Role.VIEWER, is_active=False)
        self.other_session = session_row(self.other, "x" * 32)
        self.company = CompanyFactory()
        self.bank_account = BankAccountFactory(company=self.company)
        self.account = MarketplaceAccountFactory(company=self.company)
        self.offer = OfferFactory(account=self.account)
        self.order = OrderFactory(account=self.account)
        elsewhere = customer_in(external_id="elsewhere")
        self.customer = OrderFactory(account=self.account, customer=elsewhere).customer
        self.document = OrderDocument.objects.create(
            order=self.order, kind="invoice", name="Lost", file="lost.pdf",
            public_until=timezone.now() + timedelta(days=1),
        )  # fmt: skip
        self.tag = Tag.objects.create(name="Gift")
        self.command = CommandFactory(account=self.account, status="failed")
        self.lane = LaneFactory(account=self.account)
        self.credential = CredentialFactory(base_url="http://nowhere.invalid/api-3")
        self.not_connected = EmagAccountFactory(company=self.company)
        self.call = ApiCallFactory(account=self.credential.account, is_read=False)
        self.rejected = RejectedPayloadFactory(account=self.credential.account)
        self.snapshot = SnapshotFactory(account=self.credential.account)
        self.entry = audit.record("person.changed", self.other, by=self.people[Role.OWNER])
        self.job_run = JobRun.objects.create(name="core.beat")
        self.bulk_run = BulkRun.objects.create(
            page="accounts.person_list",
            action="deactivate",
            requested_by=self.people[Role.OWNER],
            status=BulkStatus.DONE,
        )
        self.view = SavedView.objects.create(
            page="ops.audit_list", name="Mine", owner=self.people[Role.OWNER]
        )
        self.export = ScheduledExport.objects.create(
            name="Daily", owner=self.people[Role.OWNER], page="orders.order_list", kind="csv",
            every="day", hour=6, emails=["boss@example.com"],
        )  # fmt: skip
        self.token = ApiToken.objects.create(
            user=self.people[Role.OWNER], name="Till", prefix="mf_abcdef", hash="0" * 64
        )
        self.records = {
            "core_auditentry": self.entry,
            "core_jobrun": self.job_run,
            "core_bulkrun": self.bulk_run,
            "core_savedview": self.view,
            "core_exchangerate": ExchangeRate.objects.create(
                on=timezone.localdate(), currency="EUR", rate=5
            ),
            "accounts_user": self.other,
            "accounts_rolepolicy": RolePolicy.objects.get_or_create(role=Role.OWNER)[0],
            "accounts_apitoken": self.token,
            "accounts_company": self.company,
            "accounts_marketplaceaccount": self.account,
            "catalog_product": self.offer.product,
            "catalog_offer": self.offer,
            "catalog_pricechange": self.offer.price_changes.create(
                before=1, after=2, currency="RON"
            ),
            "catalog_stockchange": self.offer.stock_changes.create(before=1, after=2),
            "orders_order": self.order,
            "orders_customer": self.order.customer,
            "outbox_command": self.command,
            "usersessions_usersession": self.other_session,
            "axes_accessattempt": AccessAttempt.objects.create(
                username="x@example.com", ip_address="203.0.113.7", failures_since_start=1
            ),
            "django_q_schedule": Schedule.objects.create(func="math.floor", name="walk"),
        }

    def arguments(self, route, who):
        """[(what the row is called, the values of the address)] for this route."""
        if not route.parameters:
            return [("", {})]
        if route.is_admin:
            return [("", self._admin_arguments(route))]
        fill = FILL.get(route.name) or FILL.get(route.name.partition("_")[0] + "_*")
        assert fill, f"tests/urlwalk.py: say what {route.name} ({route.address}) is filled with"
        filled = fill(self, self.people.get(who))
        return filled if isinstance(filled, list) else [("", filled)]

    def visit(self, route, who, method, url):
        """Ask, undo what it did, and say what it means."""
        client, data = self.clients[who], None
        if method == "POST" and route.name in DATA:
            data = DATA[route.name](self, self.people.get(who))
        before = deepcopy(client.cookies)
        with transaction.atomic():
            response = client.get(url) if method == "GET" else client.post(url, data)
            transaction.set_rollback(True)
        client.cookies = before
        return meaning_of(response, is_signed_in=who != ANONYMOUS)

    def _admin_arguments(self, route):
        if "app_label" in route.parameters:
            return {"app_label": "accounts"}
        if "url" in route.parameters:
            return {"url": "nothing/"}
        if "content_type_id" in route.parameters:
            kind = ContentType.objects.get_for_model(self.company)
            return {"content_type_id": kind.pk, "object_id": self.company.pk}
        app, model = route.address.split("/")[2:4]
        record = self.records.get(f"{app}_{model}")
        assert record, f"tests/urlwalk.py: make one {app}.{model} to look at"
        return {"object_id": record.pk}


def fresh_client(person, **options):
    """The browser of somebody who has just signed in with a password: no page asks for it again."""
    client = Client(**options)
    client.force_login(person, backend="accounts.backends.RoleBackend")
    session = client.session
    now = timezone.now().timestamp()
    session["account_authentication_methods"] = [{"method": "password", "at": now}]
    session.save()
    return client


def a_passkey():
    """What a browser sends when it has made a passkey."""
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    made = webauthn.AttestedCredentialData.create(b"\0" * 16, b"credential", key)
    flags = webauthn.AuthenticatorData.FLAG
    data = webauthn.AuthenticatorData.create(b"\0" * 32, flags.UP | flags.AT, 0, made)
    site = webauthn.CollectedClientData.create("webauthn.create", b"?", "http://testserver")
    answer = webauthn.AuthenticatorAttestationResponse(
        client_data=site, attestation_object=webauthn.AttestationObject.create("none", data, {})
    )
    return dict(webauthn.RegistrationResponse(raw_id=b"credential", response=answer))


AUTHENTICATORS = {
    "totp": {"secret": crypto.encrypt("JBSWY3DPEHPK3PXP")},
    "recovery_codes": {"seed": crypto.encrypt("a seed of a test"), "used_mask": 0},
    "webauthn": {"name": "Key", "credential": a_passkey()},
}


def session_row(person, key, user_agent="Test"):
    return UserSession.objects.create(
        user=person, session_key=key, ip="203.0.113.7", user_agent=user_agent, data={}
    )


def _own_session(world, person):
    key = world.clients[person.role].session.session_key if person else "x" * 32
    return {"session_id": UserSession.objects.get(session_key=key).pk}


def _passkey(world, person):
    owner = person or world.people[Role.OWNER]
    return {"pk": Authenticator.objects.get(user=owner, type="webauthn").pk}


def _panels(world, person):
    """Every registered panel that can be fetched: each has a permission of its own."""
    known = (world.other, world.company, world.account, world.offer, world.order)
    subjects = {type(each): each for each in known}
    panels = [panel for panel in registry._panels.values() if panel.model is not None]
    return [
        (f"{p.page} {p.id}", {"page": p.page, "panel_id": p.id, "pk": subjects[p.model].pk})
        for p in panels
    ]


def _note(world, person):
    """A note that this person wrote, and that names them: both are theirs alone."""
    author = person or world.people[Role.OWNER]
    note, is_new = OrderNote.objects.get_or_create(order=world.order, author=author, text="@me")
    if is_new:
        note.mentions.create(person=author)
    return note


FILL = {
    "ops:audit_entry": lambda world, me: {"pk": world.entry.pk},
    "ops:job_run_page": lambda world, me: {"pk": world.job_run.pk},
    "core:panel": _panels,
    "core:bulk_*": lambda world, me: {"pk": world.bulk_run.pk},
    "core:scheduled_*": lambda world, me: {"pk": world.export.pk},
    "core:export_file": lambda world, me: {"token": "forged"},
    "core:saved_*": lambda world, me: {"pk": world.view.pk},
    "accounts:person_*": lambda world, me: {"pk": world.other.pk},
    "accounts:person_link": lambda world, me: {"pk": world.invited.pk},
    "accounts:person_resend": lambda world, me: {"pk": world.invited.pk},
    "accounts:person_activate": lambda world, me: {"pk": world.away.pk},
    "accounts:person_session_end": lambda world, me: {
        "pk": world.other.pk,
        "session_id": world.other_session.pk,
    },
    "accounts:role_policy": lambda world, me: {"role": Role.PICKER},
    "accounts:invitation_accept": lambda world, me: {
        "pk": world.invited.pk,
        "token": links.invitation_tokens.make_token(world.invited),
    },
    "accounts:session_end": _own_session,
    "accounts:token_revoke": lambda world, me: {"pk": world.token.pk},
    "accounts:company_*": lambda world, me: {"pk": world.company.pk},
    "accounts:bank_account_add": lambda world, me: {"pk": world.company.pk},
    "accounts:bank_*": lambda world, me: {"pk": world.bank_account.pk},
    "accounts:marketplace_*": lambda world, me: {"pk": world.account.pk},
    "outbox:command_*": lambda world, me: {"pk": world.command.pk},
    "outbox:lane_resume": lambda world, me: {"pk": world.lane.pk},
    "catalog:offer_*": lambda world, me: {"pk": world.offer.pk},
    "orders:order_document": lambda world, me: {"pk": world.document.pk},
    "orders:document_revoke": lambda world, me: {"pk": world.document.pk},
    "orders:document": lambda world, me: {"token": "forged"},
    "orders:order_*": lambda world, me: {"pk": world.order.pk},
    "orders:tag_*": lambda world, me: {"pk": world.tag.pk},
    "orders:note_*": lambda world, me: {"pk": _note(world, me).pk},
    "orders:mention_open": lambda world, me: {"pk": _note(world, me).mentions.get().pk},
    "orders:customer_*": lambda world, me: {"pk": world.order.customer_id},
    "orders:customer_confirm": lambda world, me: {
        "pk": world.order.customer_id,
        "other": world.customer.pk,
    },
    "orders:customer_reject": lambda world, me: {
        "pk": world.order.customer_id,
        "other": world.customer.pk,
    },
    "emag:api_*": lambda world, me: {"pk": world.call.pk},
    # Not connected, so that nothing is called; only the test needs credentials.
    "emag:connect_*": lambda world, me: {"pk": world.not_connected.pk},
    "emag:connect_test": lambda world, me: {"pk": world.credential.account_id},
    "emag:usage_reset": lambda world, me: {"pk": world.credential.account_id},
    "emag:hook": lambda world, me: {"token": world.credential.hook_token, "kind": "order"},
    "emag:sync_*": lambda world, me: {"name": "emag.pull_orders"},
    "emag:rejected_*": lambda world, me: {"pk": world.rejected.pk},
    "emag:payload_*": lambda world, me: {"pk": world.snapshot.pk},
    "account_reset_password_from_key": lambda world, me: {"uidb36": "1", "key": "used-up"},
    "mfa_edit_webauthn": _passkey,
    "mfa_remove_webauthn": _passkey,
}


def _list_state(world, person):
    """The signed state of a list page, as the page itself hands it out."""
    state = ListState(page=world.view.page, path="/audit/")
    return {"state": state.sign(person)} if person else {}


# What is posted where an empty form would be refused before the permission shows. All else is
# posted without data: what comes back then is the form again, or a refusal in words.
DATA = {
    "core:set_theme": lambda world, me: {"theme": "dark"},
    "core:set_language": lambda world, me: {"language": "en"},
    "core:saved_view_edit": _list_state,
    "core:saved_view_overwrite": _list_state,
    "core:saved_view_delete": _list_state,
}


# --- Walking ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """What everybody gets at one address by one method."""

    name: str
    address: str
    method: str
    needs: str
    answers: dict[str, str]

    @property
    def cells(self):
        return tuple(self.answers.values())


def walk(world):
    """A row for each address and method that the address offers."""
    found = []
    for route in routes():
        asked = {who: world.arguments(route, who) for who in WHO}
        for number, (label, _arguments) in enumerate(asked[ANONYMOUS]):
            urls = {who: url_of(route, asked[who][number][1]) for who in WHO}
            for method in ("GET", "POST"):
                if world.visit(route, Role.OWNER, method, urls[Role.OWNER]) == OTHER_METHOD:
                    continue
                answers = {who: world.visit(route, who, method, urls[who]) for who in WHO}
                name = f"{route.name} {label}".strip()
                guard = needs(route.view) or ""
                found.append(Row(name, plain(route.address), method, guard, answers))
    return found


def plain(address):
    """The address as a person writes it: "/password/new/<uidb36>-<key>/"."""
    return re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", address)


def url_of(route, arguments):
    if route.name:
        return reverse(route.name, kwargs=arguments)
    # The admin's nameless patterns end in what they take.
    address = route.address.replace("<path:object_id>", str(arguments.get("object_id")))
    return address.replace("(?P<url>.*)", arguments.get("url", ""))


def meaning_of(response, *, is_signed_in):
    """What the answer means to whoever asked."""
    target = response.headers.get("HX-Redirect") or response.headers.get("Location", "")
    if target.startswith(f"{reverse('admin:login')}?"):
        # The admin sends everybody there; who is signed in already is refused there.
        return NO if is_signed_in else SIGN_IN
    if target.startswith(f"{reverse(settings.LOGIN_URL)}?"):
        return SIGN_IN
    assert response.status_code < 500, (response.status_code, response.wsgi_request.path)
    refusals = {403: NO, 404: NOT_THERE, 405: OTHER_METHOD}
    return refusals.get(response.status_code, YES)
