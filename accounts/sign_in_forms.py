"""The forms of signing in, in our words. What they check is allauth's business."""

from typing import Any

from allauth.account import forms as account
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import forms as passkeys
from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import links
from core.jobs import enqueue

CODE_LIVES = 120  # seconds; longer than any clock we accept calls a code current


class Plain:
    """Labels above the fields, nothing inside them, and one field for a new password."""

    fields: dict[str, forms.Field]
    labels: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("password2", None)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            if isinstance(field.widget, forms.PasswordInput):
                is_new = field.widget.attrs.get("autocomplete") == "new-password"
                field.help_text = (
                    _("At least 10 characters. A few words work well.") if is_new else ""
                )


class SignInForm(Plain, account.LoginForm):  # type: ignore[misc]
    labels = {
        "login": _("Email"),
        "password": _("Password"),
        "remember": _("Stay signed in on this device"),
    }


class ConfirmPasswordForm(Plain, account.ReauthenticateForm):  # type: ignore[misc]
    labels = {"password": _("Password")}


class ChangePasswordForm(Plain, account.ChangePasswordForm):  # type: ignore[misc]
    labels = {"oldpassword": _("Current password"), "password1": _("New password")}


class NewPasswordForm(Plain, account.ResetPasswordKeyForm):  # type: ignore[misc]
    labels = {"password1": _("New password")}


class ForgottenPasswordForm(Plain, account.ResetPasswordForm):  # type: ignore[misc]
    """Answers every address in the same way and the same time: a job looks whose it is."""

    labels = {"email": _("Email")}

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email = str(self.cleaned_data["email"])
        enqueue("accounts.send_password_reset", email)
        return email


class ResetLinkForm(account.UserTokenForm):  # type: ignore[misc]
    token_generator = links.reset_tokens


class OnceOnlyCode(Plain):
    """A code is good once, also while the clock of the phone may still call it current."""

    user: AbstractBaseUser
    labels = {"code": _("Code")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "autofocus": True}

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        key = f"accounts.code-used:{self.user.pk}:{code.replace(' ', '')}"
        if not cache.add(key, "y", timeout=CODE_LIVES):
            raise get_adapter().validation_error("incorrect_code")
        return code


class SecondFactorForm(OnceOnlyCode, mfa.AuthenticateForm):  # type: ignore[misc]
    pass


class ConfirmFactorForm(OnceOnlyCode, mfa.ReauthenticateForm):  # type: ignore[misc]
    pass


class SetUpAppForm(OnceOnlyCode, ActivateTOTPForm):  # type: ignore[misc]
    labels = {"code": _("Code the app shows")}


class AddPasskeyForm(Plain, passkeys.AddWebAuthnForm):  # type: ignore[misc]
    labels = {"name": _("Name"), "passwordless": _("Sign in with it alone, without the password")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = _("So that you recognise it in the list.")
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].help_text = _(
            "Needs a fingerprint, a face or a PIN. Without it the passkey is a second step only."
        )


class RenamePasskeyForm(Plain, passkeys.EditWebAuthnForm):  # type: ignore[misc]
    labels = {"name": _("Name")}
