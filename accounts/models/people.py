from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts import roles
from accounts.choices import PersonStatus, Role, Theme
from core.fields import SearchTextField

# What User.status says, asked of the database.
STATUS_CONDITIONS: dict[str, Q] = {
    PersonStatus.INVITED: Q(is_active=True, joined_at__isnull=True),
    PersonStatus.ACTIVE: Q(is_active=True, joined_at__isnull=False),
    PersonStatus.DEACTIVATED: Q(is_active=False),
}


class PersonQuerySet(models.QuerySet["User"]):
    def locked(self) -> "PersonQuerySet":
        """The rows, locked in the one order everybody uses."""
        return self.select_for_update(of=("self",)).order_by("pk")

    def for_list(self) -> "PersonQuerySet":
        """With the status as a column, so that a list can show and export it."""
        cases = (When(condition, then=Value(s)) for s, condition in STATUS_CONDITIONS.items())
        return self.annotate(state=Case(*cases, output_field=models.CharField()))

    def able_owners(self) -> "PersonQuerySet":
        """Owners who can really sign in: an unanswered invitation runs nothing."""
        return self.filter(STATUS_CONDITIONS[PersonStatus.ACTIVE], role=Role.OWNER)


class UserManager(BaseUserManager["User"].from_queryset(PersonQuerySet)):  # type: ignore[misc]
    use_in_migrations = True

    def get_by_natural_key(self, email: str | None) -> "User":
        """Addresses are kept in lower case; a person may type theirs as they like."""
        return self.get(email=(email or "").lower())  # type: ignore[no-any-return]

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user: User = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        if password and user.joined_at is None:
            user.joined_at = timezone.now()
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, role=Role.OWNER, **fields)


class User(AbstractBaseUser):
    """A person who signs in."""

    email = models.EmailField(_("email"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.VIEWER)
    is_active = models.BooleanField(_("active"), default=True)
    language = models.CharField(_("language"), max_length=5, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True)
    theme = models.CharField(_("theme"), max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    # Columns, density and the like, by page id. Read with the person, so a page pays no query.
    preferences = models.JSONField(_("preferences"), default=dict, blank=True)
    has_mfa = models.BooleanField(_("two-factor"), default=False, editable=False)
    # Kept true while the role demands a second factor and the person has none.
    must_enroll_mfa = models.BooleanField(_("two-factor missing"), default=False, editable=False)
    created_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    invited_at = models.DateTimeField(_("invited"), null=True, blank=True, editable=False)
    # Empty until the person has chosen a password: an invitation nobody has answered yet.
    joined_at = models.DateTimeField(_("joined"), null=True, blank=True, editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True, editable=False)
    # Part of what every session carries: counting it up ends them all, wherever they are.
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    search_text = SearchTextField(sources=("name", "email"))

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ("name", "pk")
        constraints = (
            models.CheckConstraint(condition=Q(email=Lower("email")), name="person_email"),
        )
        indexes = (
            models.Index(fields=["name", "id"], name="person_name"),
            models.Index(fields=["role", "is_active"], name="person_role"),
        )

    def __str__(self) -> str:
        return self.name or self.email

    def get_absolute_url(self) -> str:
        return reverse("accounts:person_detail", args=[self.pk])

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email

    @property
    def status(self) -> PersonStatus:
        if not self.is_active:
            return PersonStatus.DEACTIVATED
        return PersonStatus.ACTIVE if self.joined_at else PersonStatus.INVITED

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        return salted_hmac(
            "accounts.session",
            f"{self.password}:{self.session_epoch}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()

    @property
    def is_staff(self) -> bool:
        """What Django calls whoever may open its admin."""
        return self.has_perm("accounts.view_records")

    @property
    def is_superuser(self) -> bool:
        return self.role == Role.OWNER

    # --- What they may do: from memory, so that asking costs nothing --------------------------

    # Narrower than the role while a request acts through an API token with its own scopes.
    token_scopes: frozenset[str] | None = None

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        if self.token_scopes is not None and perm not in self.token_scopes:
            return False
        return self.is_active and roles.has_permission(self.role, perm)

    def has_perms(self, perms: list[str], obj: models.Model | None = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff


class RolePolicy(models.Model):
    """What everybody of a role must do to sign in. A role without a row has no such rule."""

    role = models.CharField(_("role"), max_length=20, choices=Role.choices, unique=True)
    require_mfa = models.BooleanField(_("two-factor is required"), default=False)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("role policy")
        verbose_name_plural = _("role policies")
        ordering = ("pk",)

    def __str__(self) -> str:
        return str(Role(self.role).label)
