import datetime as dt
import re

import pytest
import time_machine
from django.core import mail
from django.test import Client

from accounts import jobs, links
from accounts.choices import Role
from core.models import AuditEntry, JobRun
from tests.factories.accounts import PASSWORD, UserFactory
from tests.integration.accounts.conftest import work

pytestmark = pytest.mark.django_db
NEW = "brand new horse battery"


@pytest.fixture
def ana():
    return UserFactory(email="ana@shop.ro", role=Role.OWNER, password=PASSWORD, language="ro")


def ask(email):
    return Client().post("/password/forgotten/", {"email": email})


def mailed_path(email="ana@shop.ro"):
    work(jobs.send_password_reset, email)
    return re.search(r"https?://[^/]+(/password/new/\S+/)", mail.outbox[-1].body)[1]


def choose(path, password=NEW, client=None):
    client = client or Client()
    form = client.get(path)["Location"]
    return client.post(form, {"password1": password})


def test_it_works(ana):
    assert ask("Ana@shop.ro").status_code == 302
    assert JobRun.objects.get(name="accounts.send_password_reset").args == ["ana@shop.ro"]

    assert choose(mailed_path())["Location"] == "/password/new/done/"

    ana.refresh_from_db()
    assert ana.check_password(NEW)
    assert AuditEntry.objects.filter(verb="person.password_changed").exists()
    assert JobRun.objects.filter(name="accounts.send_notice", args__0="password_changed").exists()


def test_the_page_answers_every_address_alike(ana):
    """Whose address it is, the page does not even look up: a job does."""
    known, unknown = ask(ana.email), ask("nobody@shop.ro")
    assert known["Location"] == unknown["Location"]
    assert JobRun.objects.filter(name="accounts.send_password_reset").count() == 2
    work(jobs.send_password_reset, "nobody@shop.ro")
    assert mail.outbox == []


def test_the_mail_is_in_the_language_of_the_person_and_carries_no_secret_but_the_link(ana):
    path = mailed_path()
    message = mail.outbox[-1]
    assert message.to == ["ana@shop.ro"]
    assert path in message.body
    assert path in message.alternatives[0].content
    assert 'lang="ro"' in message.alternatives[0].content


def test_the_link_works_once(ana):
    path = mailed_path()
    choose(path)
    again = Client().get(path)
    assert again.status_code == 200
    assert again.context["token_fail"]


def test_the_link_lives_an_hour(ana):
    path = mailed_path()
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=59)):
        assert Client().get(path).status_code == 302
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=61)):
        assert Client().get(path).context["token_fail"]


def test_signing_in_makes_the_link_worthless(ana):
    path = mailed_path()
    Client().post("/sign-in/", {"login": ana.email, "password": PASSWORD})
    assert Client().get(path).context["token_fail"]


def test_a_new_address_makes_the_link_worthless(ana):
    path = mailed_path()
    ana.email = "new@shop.ro"
    ana.save(update_fields=["email", "search_text"])
    assert Client().get(path).context["token_fail"]


def test_a_new_password_ends_every_session(ana):
    client = Client()
    client.post("/sign-in/", {"login": ana.email, "password": PASSWORD})
    work(jobs.send_password_reset, ana.email)
    choose(mailed_path())
    assert client.get("/you/").status_code == 302


def test_weak_passwords_are_refused_here_too(ana):
    answer = choose(mailed_path(), password="short")
    assert answer.context["form"].errors["password1"]


def test_a_deactivated_person_gets_no_mail(ana):
    UserFactory(email="old@shop.ro", is_active=False)
    work(jobs.send_password_reset, "old@shop.ro")
    assert mail.outbox == []


def test_an_invited_person_gets_the_invitation_again():
    UserFactory(email="new@shop.ro", invited=True)
    work(jobs.send_password_reset, "new@shop.ro")
    assert "/invitation/" in mail.outbox[0].body


def test_a_link_for_one_purpose_does_not_serve_another(ana):
    assert not links.reset_tokens.check_token(ana, links.invitation_tokens.make_token(ana))
    assert not links.invitation_tokens.check_token(ana, links.reset_tokens.make_token(ana))


@pytest.mark.parametrize("token", ["", "nonsense", "a-b", "zzzzzzzzzzzzzz-1", None])
def test_nonsense_is_no_token(ana, token):
    assert not links.reset_tokens.check_token(ana, token)


def test_a_reset_alone_lets_nobody_in(ana):
    """Whoever can read the mailbox still meets the second step when signing in."""
    client = Client()
    choose(mailed_path(), client=client)
    assert client.get("/you/").status_code == 302
