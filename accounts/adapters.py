"""What is ours in signing in: nobody signs up, an issuer opens known accounts alone."""

from ipaddress import ip_address
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import render, resolve_url
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.addresses import client_address
from accounts.models import User
from accounts.sealing import seal, unseal
from accounts.tasks import enqueue_new_password

UNKNOWN = "0.0.0.0"  # noqa: S104
NOTED = {
    "password_changed": "password:changed",
    "password_set": "password:changed",
    "password_reset": "password:reset",
    "totp_activated": "factor:added",
    "webauthn_added": "factor:added",
    "totp_deactivated": "factor:removed",
    "webauthn_removed": "factor:removed",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages: ClassVar = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": _(
            "Too many attempts failed. Wait five minutes, or sign in with a passkey."
        ),
        "username_password_mismatch": _("The user name or the password is not right."),
    }

    def note(self, what: str, *, user: User, by: User | None, why: str = "") -> None:
        """Called with each act about an account, such as "session:ended"; here nobody listens."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Administrators make accounts."""
        return False

    def send_password_reset_mail(self, user: User, email: str, context: Any) -> None:
        enqueue_new_password(user.pk, get_language() or settings.LANGUAGE_CODE)

    def send_notification_mail(self, template_prefix: str, user: User, **_more: Any) -> None:
        """Notes what became of a password; nobody is sent mail about it."""
        what = NOTED.get(template_prefix.rpartition("/")[2])
        if what:
            self.note(what, user=user, by=user)

    def login(self, request: HttpRequest, user: User) -> None:
        """However she signed in, the session of a member of the team is short.

        That she did stands in the row of her account; nothing is noted here.
        """
        super().login(request, user)
        request.session.set_expiry(settings.STAFF_SESSION_HOURS * 3600)

    def logout(self, request: HttpRequest) -> None:
        user = request.user
        super().logout(request)
        if isinstance(user, User):
            self.note("sign-in:ended", user=user, by=user)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A name that is nobody's is not noted: people type passwords there."""
        user = User.objects.filter(username=credentials.get("username", "")).first()
        if user:
            self.note("sign-in:refused", user=user, by=None)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        user = request.user
        return resolve_url("admin:index" if getattr(user, "is_staff", False) else "your-account")

    def get_client_ip(self, request: HttpRequest) -> str:
        """Where it cannot be known, everybody shares one count."""
        address = client_address(request.META, trusted_proxies=settings.TRUSTED_PROXIES)
        try:
            return str(ip_address(address))
        except ValueError:
            return UNKNOWN


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Seals second factors, and says what became of them; nobody is sent mail."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def send_notification_mail(self, template_prefix: str, user: User, **_more: Any) -> None:
        what = NOTED.get(template_prefix.rpartition("/")[2])
        if what:
            get_adapter().note(what, user=user, by=user)


class IssuerAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """An issuer opens an account whose e-mail address an administrator has entered."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Finds the account by the address that the issuer has verified, at every sign-in.

        Raises ImmediateHttpResponse, a page that says why, where there is none.
        """
        user = account_of(sociallogin)
        if user is None or (sociallogin.is_existing and sociallogin.user.pk != user.pk):
            raise ImmediateHttpResponse(render(request, "account/issuer_unknown.html", status=403))
        # The issuer tells who signs in; it never adds itself to another signed-in account.
        sociallogin.state["process"] = "login"
        if not sociallogin.is_existing:
            sociallogin.connect(request, user)


def account_of(sociallogin: SocialLogin) -> User | None:
    """The one account with an address that the issuer calls verified, in so many words."""
    verified = [row.email for row in sociallogin.email_addresses if row.verified is True]
    found: list[Any] = [
        user
        for address in verified
        for user in User.objects.filter(email__iexact=address, is_active=True)[:2]
    ]
    return found[0] if len(found) == 1 else None
