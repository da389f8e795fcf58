"""Mail to people, in their language. Sent by jobs only: a mail server may take its time."""

from collections.abc import Mapping

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation

from accounts.models import User

# Backends that carry mail nowhere: the first run has no mail server.
NOWHERE = ("console", "dummy", "locmem", "filebased")


def is_configured() -> bool:
    """Whether a mail has a chance to arrive."""
    return settings.EMAIL_BACKEND.split(".")[-2] not in NOWHERE


def send(name: str, person: User, context: Mapping[str, object], *, to: str = "") -> None:
    """Send accounts/mail/<name> to a person (or to another address of theirs)."""
    language = person.language or settings.LANGUAGE_CODE
    told = {"person": person, "site_url": settings.SITE_URL, "now": timezone.now(), **context}
    with translation.override(language):
        subject = " ".join(render_to_string(f"accounts/mail/{name}_subject.txt", told).split())
        text = render_to_string(f"accounts/mail/{name}.txt", told)
        html = render_to_string(f"accounts/mail/{name}.html", {**told, "subject": subject})
    message = EmailMultiAlternatives(subject, text, to=[to or person.email])
    message.attach_alternative(html, "text/html")
    message.send()
