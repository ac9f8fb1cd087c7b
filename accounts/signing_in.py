"""Every write about how the team signs in: sessions that end, second factors that are reset."""

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import AccountChange, User

MOST_CHARACTERS = 500


@transaction.atomic
def end_sessions(*, user: User, by: User, keep: str = "", only: int | None = None) -> int:
    """Ends the sessions of somebody but the one with the key `keep`, or `only` one by its id.

    Returns how many ended. A second call ends nothing more.
    """
    sessions = UserSession.objects.filter(user=user).exclude(session_key=keep)
    if only is not None:
        sessions = sessions.filter(pk=only)
    ended = list(sessions)
    for session in ended:
        session.end()
        get_adapter().note("session:ended", user=user, by=by)
    return len(ended)


def stay_listed(request: HttpRequest) -> None:
    """A member of the team whose session got a new key still finds it, and can end it.

    Of a session without an account nothing is asked and nothing stored. Repeatable.
    """
    if SESSION_KEY in request.session:
        UserSession.objects.create_from_request(request)


@transaction.atomic
def reset_second_factor(*, user: User, by: User, why: str) -> None:
    """Takes somebody's second factors and recovery codes away, and ends her sessions.

    For who has lost them: she signs in with her password and sets up new ones. A second call
    does the same again and is written down again. Raises ValidationError without a reason.
    """
    why = why.strip()
    if not 0 < len(why) <= MOST_CHARACTERS:
        raise ValidationError(_("Say why, in at most %(n)s characters.") % {"n": MOST_CHARACTERS})
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user=user, by=by)
    AccountChange.objects.create(user=user, kind=AccountChange.Kind.SECOND_FACTOR, by=by, why=why)
