"""Mozilla's HTTP Observatory, as far as one can ask it without the net.

The rules and the numbers are those it publishes (scoring of 2024 and later): a site starts at 100,
every test may take away or add, and what is added counts only for a site that lost at most 10. The
test of certificates and the list of preloaded sites are left out: they judge a host, not a program.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

BONUS_FROM = 90
HALF_A_YEAR = 15_552_000

# Outcome → what it adds or takes away, under the Observatory's own names.
MODIFIERS = {
    "csp-implemented-with-no-unsafe-default-src-none": 10,
    "csp-implemented-with-no-unsafe": 5,
    "csp-implemented-with-unsafe-inline-in-style-src-only": 0,
    "csp-implemented-with-insecure-scheme-in-passive-content-only": -10,
    "csp-implemented-with-unsafe-eval": -10,
    "csp-implemented-with-unsafe-inline": -20,
    "csp-implemented-with-insecure-scheme": -20,
    "csp-header-invalid": -25,
    "csp-not-implemented": -25,
    "cookies-secure-with-httponly-sessions-and-samesite": 5,
    "cookies-secure-with-httponly-sessions": 0,
    "cookies-not-found": 0,
    "cookies-without-secure-flag-but-protected-by-hsts": -5,
    "cookies-session-without-secure-flag-but-protected-by-hsts": -10,
    "cookies-without-secure-flag": -20,
    "cookies-samesite-flag-invalid": -20,
    "cookies-anticsrf-without-samesite-flag": -20,
    "cookies-session-without-httponly-flag": -30,
    "cookies-session-without-secure-flag": -40,
    "cross-origin-resource-sharing-not-implemented": 0,
    "cross-origin-resource-sharing-implemented-with-public-access": 0,
    "cross-origin-resource-sharing-implemented-with-restricted-access": 0,
    "cross-origin-resource-sharing-implemented-with-universal-access": -50,
    "redirection-to-https": 0,
    "redirection-off-host-from-http": -5,
    "redirection-not-to-https-on-initial-redirection": -10,
    "redirection-not-to-https": -20,
    "redirection-missing": -20,
    "referrer-policy-private": 5,
    "referrer-policy-not-implemented": 0,
    "referrer-policy-unsafe": -5,
    "referrer-policy-header-invalid": -5,
    "hsts-implemented-max-age-at-least-six-months": 0,
    "hsts-implemented-max-age-less-than-six-months": -10,
    "hsts-not-implemented": -20,
    "hsts-header-invalid": -20,
    "sri-implemented-and-all-scripts-loaded-securely": 5,
    "sri-not-implemented-but-no-scripts-loaded": 0,
    "sri-not-implemented-but-all-scripts-loaded-from-secure-origin": 0,
    "sri-not-implemented-but-external-scripts-loaded-securely": -5,
    "sri-not-implemented-and-external-scripts-not-loaded-securely": -50,
    "x-content-type-options-nosniff": 0,
    "x-content-type-options-not-implemented": -5,
    "x-content-type-options-header-invalid": -5,
    "x-frame-options-implemented-via-csp": 5,
    "x-frame-options-sameorigin-or-deny": 0,
    "x-frame-options-not-implemented": -20,
    "x-frame-options-header-invalid": -20,
    "cross-origin-resource-policy-implemented-with-same-origin": 10,
    "cross-origin-resource-policy-implemented-with-same-site": 10,
    "cross-origin-resource-policy-implemented-with-cross-origin": 0,
    "cross-origin-resource-policy-not-implemented": 0,
    "cross-origin-resource-policy-header-invalid": -5,
}


@dataclass
class Answer:
    """One response: its headers as (name, value) pairs, because Set-Cookie repeats."""

    url: str
    status: int
    headers: list[tuple[str, str]]
    body: str = ""

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def first(self, name):
        return next(iter(self.all(name)), "")


@dataclass
class Visit:
    """What the scanner sees: the way from http, the page under https, a preflight from abroad."""

    from_http: list[Answer]
    page: Answer
    cookies: list[str] = field(default_factory=list)  # every Set-Cookie of the visit
    cors: Answer | None = None


def score(visit):
    """The points, and the outcome of every test."""
    outcomes = [test(visit) for test in TESTS]
    modifiers = [MODIFIERS[outcome] for outcome in outcomes]
    lost = 100 + sum(points for points in modifiers if points < 0)
    return (lost + sum(p for p in modifiers if p > 0) if lost >= BONUS_FROM else lost), outcomes


# --- Content-Security-Policy ------------------------------------------------------------------

BROAD = {"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}
INLINE = {"'unsafe-inline'", "data:"}


def directives(policy):
    """{"script-src": {"'self'"}}; a directive that stands there twice makes the policy invalid."""
    found = {}
    for part in filter(str.strip, policy.split(";")):
        name, *sources = part.lower().split()
        if name in found:
            raise ValueError(name)
        found[name] = set(sources) or {"'none'"}
    return found


def csp_of(visit):
    """The page's policy; None for one that no browser could follow."""
    try:
        return directives(visit.page.first("Content-Security-Policy"))
    except ValueError:
        return None


def csp(visit):
    if not visit.page.first("Content-Security-Policy"):
        return "csp-not-implemented"
    policy = csp_of(visit)
    if not policy:
        return "csp-header-invalid"

    def sources(name):
        return policy.get(name, policy.get("default-src", {"*"}))

    scripts, styles, objects = sources("script-src"), sources("style-src"), sources("object-src")
    passive = sources("img-src") | sources("media-src")
    active = set().union(*(v for k, v in policy.items() if k not in {"img-src", "media-src"}))
    if scripts & (BROAD | INLINE) or objects & BROAD:
        return "csp-implemented-with-unsafe-inline"
    if any(source.startswith(("http:", "ftp:")) for source in active):
        return "csp-implemented-with-insecure-scheme"
    if "'unsafe-eval'" in scripts | styles:
        return "csp-implemented-with-unsafe-eval"
    if any(source.startswith(("http:", "ftp:")) for source in passive):
        return "csp-implemented-with-insecure-scheme-in-passive-content-only"
    if styles & (BROAD | INLINE):
        return "csp-implemented-with-unsafe-inline-in-style-src-only"
    # The chart asks for the form target too, which default-src does not cover.
    tight = policy.get("default-src") == {"'none'"}
    tight = tight and policy.get("form-action", {"*"}) <= {"'self'", "'none'"}
    return "csp-implemented-with-no-unsafe" + ("-default-src-none" if tight else "")


# --- Cookies ----------------------------------------------------------------------------------


def cookies(visit):
    found = [morsel for text in visit.cookies for morsel in SimpleCookie(text).values()]
    if not found:
        return "cookies-not-found"
    hsts_holds = hsts(visit) == "hsts-implemented-max-age-at-least-six-months"
    shield = "-but-protected-by-hsts" if hsts_holds else ""
    outcomes = ["cookies-secure-with-httponly-sessions-and-samesite"]
    for cookie in found:
        name, site = cookie.key.lower(), cookie["samesite"].lower()
        is_session = "sess" in name or "login" in name
        if not site:
            outcomes.append("cookies-secure-with-httponly-sessions")
        elif site not in {"lax", "strict", "none"} or (site == "none" and not cookie["secure"]):
            outcomes.append("cookies-samesite-flag-invalid")
        if "csrf" in name and not site:
            outcomes.append("cookies-anticsrf-without-samesite-flag")
        if not cookie["secure"]:
            kind = "-session" if is_session else ""
            outcomes.append(f"cookies{kind}-without-secure-flag{shield}")
        if is_session and not cookie["httponly"]:
            outcomes.append("cookies-session-without-httponly-flag")
    return min(outcomes, key=MODIFIERS.__getitem__)


# --- The rest ---------------------------------------------------------------------------------


def cors(visit):
    answer = visit.cors
    allowed = answer.first("Access-Control-Allow-Origin") if answer else ""
    name = "cross-origin-resource-sharing-"
    if not allowed:
        return name + "not-implemented"
    if allowed == "*":
        return name + "implemented-with-public-access"
    with_cookies = answer.first("Access-Control-Allow-Credentials").lower() == "true"
    if allowed == ABROAD and with_cookies:
        return name + "implemented-with-universal-access"
    return name + "implemented-with-restricted-access"


ABROAD = "https://http-observatory.security.mozilla.org"


def redirection(visit):
    way = [urlsplit(answer.url) for answer in visit.from_http]
    if len(way) == 1:
        return "redirection-missing"
    if way[-1].scheme != "https":
        return "redirection-not-to-https"
    if way[1].scheme == "http":
        return "redirection-not-to-https-on-initial-redirection"
    if way[0].hostname != way[1].hostname:
        return "redirection-off-host-from-http"
    return "redirection-to-https"


PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
TELLING = {"origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"}


def referrer_policy(visit):
    words = [word.strip().lower() for word in visit.page.first("Referrer-Policy").split(",")]
    known = [word for word in words if word in PRIVATE | TELLING]
    if words == [""]:
        return "referrer-policy-not-implemented"
    if not known:
        return "referrer-policy-header-invalid"
    return "referrer-policy-private" if known[-1] in PRIVATE else "referrer-policy-unsafe"


def hsts(visit):
    header = visit.page.first("Strict-Transport-Security").lower()
    if not header:
        return "hsts-not-implemented"
    ages = [p.strip()[8:] for p in header.split(";") if p.strip().startswith("max-age=")]
    if "," in header or not ages or not ages[0].isdecimal():
        return "hsts-header-invalid"
    length = "at-least" if int(ages[0]) >= HALF_A_YEAR else "less-than"
    return f"hsts-implemented-max-age-{length}-six-months"


class Scripts(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "script" and attributes.get("src"):
            self.found.append(attributes)


def subresource_integrity(visit):
    scripts = Scripts(visit.page.body).found
    if not scripts:
        return "sri-not-implemented-but-no-scripts-loaded"
    host = urlsplit(visit.page.url).hostname
    foreign = [s for s in scripts if urlsplit(s["src"]).hostname not in {None, host}]
    unguarded = [s for s in foreign if not s.get("integrity")]
    if any(urlsplit(s["src"]).scheme != "https" for s in unguarded):
        return "sri-not-implemented-and-external-scripts-not-loaded-securely"
    if unguarded:
        return "sri-not-implemented-but-external-scripts-loaded-securely"
    if all(s.get("integrity") for s in scripts):
        return "sri-implemented-and-all-scripts-loaded-securely"
    return "sri-not-implemented-but-all-scripts-loaded-from-secure-origin"


def content_type_options(visit):
    value = visit.page.first("X-Content-Type-Options").strip().lower()
    outcome = {"nosniff": "nosniff", "": "not-implemented"}.get(value, "header-invalid")
    return f"x-content-type-options-{outcome}"


def frame_options(visit):
    if "frame-ancestors" in (csp_of(visit) or {}):
        return "x-frame-options-implemented-via-csp"
    value = visit.page.first("X-Frame-Options").strip().lower()
    if not value:
        return "x-frame-options-not-implemented"
    good = value in {"deny", "sameorigin"}
    return "x-frame-options-" + ("sameorigin-or-deny" if good else "header-invalid")


def resource_policy(visit):
    value = visit.page.first("Cross-Origin-Resource-Policy").strip().lower()
    if not value:
        return "cross-origin-resource-policy-not-implemented"
    known = value in {"same-origin", "same-site", "cross-origin"}
    outcome = f"implemented-with-{value}" if known else "header-invalid"
    return f"cross-origin-resource-policy-{outcome}"


TESTS = (
    csp, cookies, cors, redirection, referrer_policy, hsts, subresource_integrity,
    content_type_options, frame_options, resource_policy,
)  # fmt: skip
