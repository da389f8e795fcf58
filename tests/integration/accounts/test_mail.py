"""Every mail: in the language of the person, as text and as HTML, sent by a job."""

import re

import pytest
from django.core import mail

from accounts import jobs
from accounts.mail import is_configured
from tests.factories.accounts import UserFactory
from tests.integration.accounts.conftest import work

pytestmark = pytest.mark.django_db
NOTICES = ["password_changed", "email_changed", "mfa_added", "mfa_removed", "mfa_reset"]


def test_it_works():
    person = UserFactory(name="Ana Pop", email="ana@shop.ro", invited=True)
    work(jobs.send_invitation, person.pk)
    (message,) = mail.outbox
    assert message.to == ["ana@shop.ro"]
    assert "Hello Ana," in message.body
    path = re.search(r"https?://[^/]+(/invitation/\d+/\S+/)", message.body)[1]
    assert path in message.alternatives[0].content


def test_nobody_is_invited_who_has_joined_or_gone():
    work(jobs.send_invitation, UserFactory().pk)
    work(jobs.send_invitation, 999_999)
    assert mail.outbox == []


@pytest.mark.parametrize("notice", NOTICES)
def test_every_notice_can_be_sent(notice):
    person = UserFactory(name="<b>Ana</b>", language="ro")
    work(jobs.send_notice, notice, person.pk)
    (message,) = mail.outbox
    assert message.subject.strip() == message.subject
    assert "\n" not in message.subject
    assert "<b>Ana</b>" in message.body  # plain text is not escaped
    assert "&lt;b&gt;Ana" in message.alternatives[0].content
    assert "{" not in message.body


def test_a_notice_may_go_to_another_address():
    person = UserFactory()
    work(jobs.send_notice, "email_changed", person.pk, "old@shop.ro")
    assert mail.outbox[0].to == ["old@shop.ro"]


@pytest.mark.parametrize(
    ("backend", "configured"),
    [
        ("django.core.mail.backends.smtp.EmailBackend", True),
        ("django.core.mail.backends.console.EmailBackend", False),
        ("django.core.mail.backends.dummy.EmailBackend", False),
    ],
)
def test_a_first_run_has_no_mail_server(settings, backend, configured):
    settings.EMAIL_BACKEND = backend
    assert is_configured() is configured
