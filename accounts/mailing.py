"""The one mail that is sent: an address by which somebody of the team sets a new password."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User


def mail_new_password(*, user_id: int, language: str) -> None:
    """Sends the mail in a language. A second call sends another one, whose address is as good.

    Nothing is sent to an account that may not sign in, or that has no password to lose.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not user.email or not user.has_usable_password():
        return
    key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    context = {
        "account": user,
        "address": settings.SITE_URL + reverse("account_reset_password_from_key", kwargs=key),
        "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
    }
    with translation.override(language):
        text = render_to_string("account/email/new_password.txt", context)
        send_mail(_("Plurivox: a new password"), text, None, [user.email])
