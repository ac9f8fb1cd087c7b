"""Whoever opens the desk has a second factor."""

from collections.abc import Callable

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

# Where the team works. Annotators' pages and the API are elsewhere and are not looked at. It is
# compared with what addresses are found by: before that a request may name a prefix of its own.
DESK = ("/admin/", "/studies/", "/vendors/", "/audit/", "/preview/")
SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class SecondFactorMiddleware:
    """Sends a signed-in person without a second factor to set one up; a setting asks for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.STAFF_TWO_FACTOR and request.path_info.startswith(DESK) and lacks_one(request):
            messages.warning(request, _("Set up a second factor first: then the desk opens."))
            return redirect("mfa_index")
        return self.get_response(request)


def lacks_one(request: HttpRequest) -> bool:
    user = request.user
    return user.is_authenticated and not get_adapter().is_mfa_enabled(user, SECOND_FACTORS)
