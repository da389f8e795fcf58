"""List pages at a thousand, a hundred thousand and a million rows, beside a bare page."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import RequestFactory

from accounts.choices import Role
from accounts.models import User
from benchmarks import bare
from benchmarks.measure import Browser, Reading, exponent, measure_all
from benchmarks.report import Report
from core import paging

SIZES = (1_000, 100_000, 1_000_000)
SECTION = "List page"


def run(report: Report, sizes: tuple[int, ...] = SIZES) -> None:
    empty()
    browser = Browser(sign_in())
    readings: dict[int, dict[str, Reading]] = {}
    filled = 0
    for size in sizes:
        fill(filled, size)
        filled = size
        readings[size] = measure_all(pages(browser))
        add_lines(report, size, readings[size])
    small, large = sizes[0], sizes[-1]
    for name in readings[large]:
        if name == "bare page":
            continue
        growth = exponent(readings[small][name].p50_ms, readings[large][name].p50_ms, large / small)
        report.add(SECTION, f"{name}: growth exponent {small:,} → {large:,}", growth, "", 0.05)


def pages(browser: Browser) -> dict[str, Callable[[], bytes]]:
    middle = page_in_the_middle()
    return {
        "bare page": bare_page,
        "list page": lambda: browser.get("/audit/"),
        "fragment": lambda: browser.get("/audit/", partial=True),
        "last page": lambda: browser.get("/audit/?page=last"),
        "deep page": lambda: browser.get(middle),
        "search, rare": lambda: browser.get("/audit/?q=zebra"),
        "search, common": lambda: browser.get("/audit/?q=popescu"),
        "filtered": lambda: browser.get("/audit/?actor_name__contains=maria"),
    }


def bare_page() -> bytes:
    return bare.audit_page(RequestFactory().get("/")).content


def page_in_the_middle() -> str:
    from core.models import AuditEntry
    from core.paging import token

    low, high = (AuditEntry.objects.order_by(o).first().at for o in ("at", "-at"))
    entry = AuditEntry.objects.filter(at__lte=low + (high - low) / 2).order_by("-at", "-pk").first()
    return f"/audit/?page={token('after', [entry.at, entry.pk], 0)}"


def add_lines(report: Report, size: int, readings: dict[str, Reading]) -> None:
    base, page = readings["bare page"], readings["list page"]
    for name, reading in readings.items():
        at = f"{name}, {size:,} rows"
        report.add(SECTION, f"{at}: p50", reading.p50_ms, "ms")
        report.add(SECTION, f"{at}: p95", reading.p95_ms, "ms")
        report.add(SECTION, f"{at}: CPU", reading.cpu_ms, "ms")
        if name != "bare page":
            ratio = reading.cpu_ms / base.cpu_ms
            report.add(SECTION, f"{at}: CPU, ratio to the bare page", ratio, "×", 2.5)
            report.add(SECTION, f"{at}: SQL statements", reading.sql, "", 6)
            report.add(SECTION, f"{at}: size", reading.size / 1000, "kB", 60)
    share = readings["fragment"].cpu_ms / page.cpu_ms
    report.add(SECTION, f"fragment, {size:,} rows: share of the page's CPU", share, "×", 0.6)
    last = readings["last page"].p50_ms / page.p50_ms
    report.add(SECTION, f"last page, {size:,} rows: ratio to the first, p50", last, "×", 1.3)


def sign_in() -> str:
    """A manager's session cookie."""
    email = "bench@example.com"
    user = User.objects.filter(email=email).first() or User.objects.create_user(
        email, "x", name="Bench", role=Role.MANAGER
    )
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def empty() -> None:
    """Begin with no rows; the table refuses deletes, so it is truncated."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE core_auditentry")


FILL = """
    INSERT INTO core_auditentry (at, actor_name, verb, subject_type, subject_id, subject_label,
                                 changes, note, source, request_id, search_text)
    SELECT now() - interval '365 days' * (1 - n / %(all)s::float8), who, verb, 'accounts.user',
           n, label, '{"role": ["picker", "packer"], "language": ["en", "ro"]}', '', 'page', '',
           lower(who || ' ' || verb || ' ' || label)
    FROM (
        SELECT n,
               (ARRAY['Ana Popescu', 'Ion Popescu', 'Maria Ionescu', 'Radu Matei'])[1 + n %% 4]
                   AS who,
               (ARRAY['person.changed', 'person.invited', 'view.saved'])[1 + n %% 3] AS verb,
               'Person ' || n || CASE WHEN n <= 60 OR n %% 10000 = 7 THEN ' zebra' ELSE '' END
                   AS label
        FROM generate_series(%(first)s + 1, %(last)s) n
    ) made
"""


def fill(first: int, last: int) -> None:
    """Audit rows over the last year, by people with a few names; more than a page are zebras."""
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"first": first, "last": last, "all": SIZES[-1]})
        cursor.execute("VACUUM ANALYZE core_auditentry")
    paging.forget_sizes()
