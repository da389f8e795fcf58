"""Signing in as people do it: password, two-factor, passkeys, lock-out, other devices."""

import re

import pytest
from playwright.sync_api import expect

from accounts.choices import Role
from accounts.models import User
from accounts.services import mfa
from tests.factories.accounts import PASSWORD, CompanyFactory, UserFactory
from tests.integration.accounts.two_factor import SECRET, code_of, give_app

pytestmark = pytest.mark.e2e


@pytest.fixture
def ana(transactional_db):
    return UserFactory(email="ana@shop.ro", name="Ana Pop", role=Role.OWNER, password=PASSWORD)


def sign_in(page, email="ana@shop.ro", password=PASSWORD):
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page):
    page.goto("/sign-out/")
    page.get_by_role("button", name="Sign out").click()


def test_a_password_opens_the_page_one_wanted(visit, ana):
    page = visit(None, "/people/")
    expect(page).to_have_title("Sign in · MagFlow")
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("People")


def test_what_was_typed_can_be_looked_at(visit, ana):
    page = visit(None, "/sign-in/")
    field = page.get_by_label("Password", exact=True)
    field.fill("secret")
    page.get_by_role("button", name="Show the password").click()
    expect(field).to_have_attribute("type", "text")
    expect(field).to_be_focused()
    page.get_by_role("button", name="Hide the password").click()
    expect(field).to_have_attribute("type", "password")


def test_a_mistake_is_said_and_the_address_stays(visit, ana):
    page = visit(None, "/sign-in/")
    sign_in(page, password="wrong wrong")
    expect(page.get_by_role("alert")).to_contain_text("do not go together")
    expect(page.get_by_label("Email")).to_have_value("ana@shop.ro")


def test_the_first_sign_in_with_two_factor(visit, ana):
    """The role demands it: nothing opens before the app is set up and the codes were seen."""
    mfa.set_role_policy(Role.OWNER, require_mfa=True, by=None)
    page = visit(None, "/companies/")
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up two-factor")
    page.goto("/people/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up two-factor")

    page.get_by_role("link", name="An app on your phone").click()
    page.get_by_text("No camera?").click()
    secret = page.locator("code.secret").inner_text()
    assert page.locator("img.qr").evaluate("image => image.naturalWidth") > 0
    page.get_by_label("Code the app shows").fill("000000")
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("alert")).to_contain_text("This code is not right")
    page.get_by_label("Code the app shows").fill(code_of(secret))
    page.get_by_role("button", name="Turn it on").click()

    codes = page.locator("pre.codes").inner_text().split()
    assert len(codes) == 10
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_text().split() == codes
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("heading", name="Two-factor")).to_contain_text("On")

    sign_out(page)
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    page.get_by_label("Code").fill(code_of(secret, step=1))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("summary.avatar")).to_be_visible()

    sign_out(page)
    sign_in(page)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("summary.avatar")).to_be_visible()


# --- Passkeys ---------------------------------------------------------------------------------


@pytest.fixture
def device(visit, live_app):
    """A window at localhost, where passkeys work, on a device with a fingerprint reader."""

    def make(path="/sign-in/"):
        page = visit(None, None, base_url=live_app.url.replace("127.0.0.1", "localhost"))
        client = page.context.new_cdp_session(page)
        client.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        key = client.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        page.finger = lambda works: client.send(
            "WebAuthn.setUserVerified", {**key, "isUserVerified": works}
        )
        page.goto(path)
        return page

    return make


def add_passkey(page):
    page.goto("/you/security/")
    page.get_by_role("link", name="Add a passkey").click()
    expect(page.get_by_label("Name")).to_have_value("Linux")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("signs in alone")).to_be_visible()


def test_a_passkey_signs_in_alone(device, ana):
    page = device()
    sign_in(page)
    add_passkey(page)
    ana.refresh_from_db()
    assert ana.has_mfa

    sign_out(page)
    page.goto("/sign-in/?next=/companies/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Companies")


def test_a_passkey_is_the_second_step_after_a_password(device, ana):
    page = device()
    sign_in(page)
    add_passkey(page)
    sign_out(page)
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("summary.avatar")).to_be_visible()


def test_a_passkey_that_is_not_given_is_said(device, ana):
    page = device()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was chosen")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_enabled()


def test_a_deactivated_persons_passkey_opens_nothing(device, ana):
    page = device()
    sign_in(page)
    add_passkey(page)
    sign_out(page)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account is deactivated")


def test_at_a_bare_number_the_page_says_why_there_are_no_passkeys(visit, ana):
    page = visit(ana, "/you/security/")
    expect(page.get_by_text("Passkeys need an address with a name")).to_be_visible()
    expect(page.get_by_role("link", name="Add a passkey")).to_have_count(0)


# --- Lock-out, other devices ------------------------------------------------------------------


def test_guessing_ends_at_a_page_that_says_until_when(visit, ana):
    page = visit(None, "/sign-in/")
    page.expects("429")
    for n in range(5):
        sign_in(page, password=f"wrong {n}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Too many wrong passwords")
    expect(page.locator("main")).to_contain_text(re.compile(r"until \d\d:\d\d, in 15 minutes"))
    page.get_by_role("link", name="Back to sign in").click()
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Too many wrong passwords")


def test_signing_out_elsewhere(visit, ana):
    here, elsewhere = visit(None, "/sign-in/"), visit(None, "/sign-in/")
    sign_in(here)
    sign_in(elsewhere)
    here.goto("/you/security/")
    expect(here.get_by_text("Chrome on Linux")).to_have_count(2)
    here.get_by_role("button", name="Sign out everywhere else").click()
    expect(here.get_by_text("Chrome on Linux")).to_have_count(1)
    expect(here.get_by_text("This device")).to_be_visible()
    elsewhere.goto("/people/")
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_an_invited_person_joins_by_the_copied_link(visit, ana):
    page = visit(ana, "/people/")
    page.get_by_role("link", name="Invite", exact=True).click()
    page.get_by_label("Name").fill("Dan Nou")
    page.get_by_label("Email").fill("dan@shop.ro")
    page.get_by_label("Role").select_option("picker")
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_label("Link of the invitation").input_value()

    new = visit(None, link)
    expect(new.get_by_role("heading", level=1)).to_have_text("Welcome to MagFlow")
    expect(new.get_by_label("Your name")).to_have_value("Dan Nou")
    new.get_by_label("Choose a password").fill(PASSWORD)
    new.get_by_role("button", name="Start").click()
    expect(new.locator("summary.avatar")).to_be_visible()
    expect(new.get_by_role("link", name="People")).to_have_count(0)


# --- Looks ------------------------------------------------------------------------------------

STRANGERS = ["/sign-in/", "/password/forgotten/", "/password/forgotten/sent/", "/invitation/1/x/"]
OWN = ["/you/", "/you/security/", "/you/password/", "/you/tokens/add/"]
SET_UP = [
    "/people/",
    "/people/invite/",
    "/roles/",
    "/companies/",
    "/companies/add/",
    "/marketplaces/",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", STRANGERS)
def test_strangers_pages_are_accessible(
    visit, check_axe, check_width, transactional_db, path, scheme
):
    page = visit(None, None, width=390, height=844, color_scheme=scheme)
    page.expects("410")
    page.goto(path)
    check_axe(page)
    check_width(page)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1024), ("light", 390)])
def test_our_pages_are_accessible(visit, check_axe, check_width, ana, scheme, width):
    person = UserFactory(name="Monica Alexandrescu-Constantinescu de la Târgu Secuiesc")
    company = CompanyFactory(name="Comerț cu articole de menaj, papetărie și jucării " * 3)
    page = visit(ana, None, width=width, color_scheme=scheme)
    paths = [*OWN, *SET_UP, "/admin/", f"/people/{person.pk}/", f"/companies/{company.pk}/"]
    for path in paths:
        page.goto(path)
        check_axe(page)
        check_width(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_second_step_is_accessible(visit, check_axe, ana, scheme):
    give_app(ana)
    page = visit(None, "/sign-in/", color_scheme=scheme)
    sign_in(page)
    check_axe(page)
    page.get_by_label("Code").fill(code_of(SECRET))
    page.get_by_role("button", name="Sign in", exact=True).click()
    for path in ("/you/two-factor/app/remove/", "/you/two-factor/codes/new/", "/you/passkeys/add/"):
        page.goto(path)
        check_axe(page)


def test_a_change_of_a_person_is_seen_in_another_window(visit, ana):
    viewer = UserFactory(name="Vlad Mic", role=Role.VIEWER)
    watching, changing = visit(ana, "/people/"), visit(ana, f"/people/{viewer.pk}/")
    expect(watching.locator("#live-state")).to_have_attribute("data-state", "live")
    changing.get_by_role("button", name="Change role").click()
    changing.get_by_label("Role", exact=True).select_option("packer")
    changing.locator("#modal").get_by_role("button", name="Change role").click()
    row = watching.get_by_role("row", name="Vlad Mic")
    expect(row).to_contain_text("Packer")
