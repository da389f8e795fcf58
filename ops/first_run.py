"""What a fresh database gets: the owner who signs in first, and a demo world to look at."""

from __future__ import annotations

import secrets

from django.db import transaction

from accounts.choices import Role
from accounts.models import User
from ops import demo

OWNER_EMAIL = "owner@magflow.local"
# Nothing that reads like something else: this is typed from a terminal.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def random_password() -> str:
    """79 random bits in four groups."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


def owner() -> User | None:
    """Who to sign in as: the owner who has been here longest."""
    owners = User.objects.filter(role=Role.OWNER, is_active=True)
    first: User | None = owners.order_by("pk").first()
    return first


@transaction.atomic
def welcome(email: str, *, with_demo: bool) -> tuple[User, str]:
    """Make the first owner and, if wanted, the demo world: both or, when cut off, neither."""
    password = random_password()
    person = User.objects.create_superuser(email, password, name="Owner")
    if with_demo:
        demo.fill(by=person)
    return person, password
