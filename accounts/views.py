"""Your account: second factors, sessions, password; and the way from the dashboard to them."""

from typing import Any, cast

from allauth.account.views import LoginView, PasswordResetFromKeyView, PasswordResetView
from allauth.mfa.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.middleware import SECOND_FACTORS
from accounts.models import User
from accounts.signing_in import end_sessions


@require_GET
@never_cache
@login_required
def your_account(request: HttpRequest) -> HttpResponse:
    secured = get_adapter().is_mfa_enabled(request.user, SECOND_FACTORS)
    return render(request, "account/yours.html", {"secured": secured})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    """Where she is signed in; any of them, or all others, can be ended from here."""
    user = cast(User, request.user)
    if request.method == "POST":
        one = request.POST.get("session", "")
        keep = request.session.session_key or ""
        ended = end_sessions(
            user=user, by=user, keep=keep, only=int(one) if one.isdecimal() else None
        )
        words = ngettext("%(n)s session was ended.", "%(n)s sessions were ended.", ended)
        messages.success(request, words % {"n": ended})
        return redirect("usersessions_list")
    listed = sorted(
        UserSession.objects.purge_and_list(user), key=lambda row: row.created_at, reverse=True
    )
    return render(request, "account/sessions.html", {"sessions": listed})


@require_GET
def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Where the dashboard sends whoever it does not know. Who is known may not enter it."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise PermissionDenied(_("This account does not open the desk."))
    asked = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()})
    if request.user.is_authenticated:
        return redirect("admin:index")
    response = redirect("account_login")
    if safe:
        response["Location"] += "?" + urlencode({"next": asked})
    return response


@require_GET
def to_password(request: HttpRequest) -> HttpResponse:
    return redirect("account_change_password")


class SignIn(LoginView):  # type: ignore[misc]
    def get_context_data(self, **more: Any) -> dict[str, Any]:
        return {**super().get_context_data(**more), "mails": bool(settings.EMAIL_URL)}


class WhereMailIsSent:
    """Not there where no mail server is set."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.EMAIL_URL:
            raise Http404
        found: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return found


class AskForPassword(WhereMailIsSent, PasswordResetView):  # type: ignore[misc]
    """Answers the same whether or not somebody has the address."""

    success_url = reverse_lazy("account_login")

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        if response.status_code == 302:
            said = _("If an account has this address, a mail with a link is on its way.")
            messages.success(self.request, said)
        return response


class SetPassword(WhereMailIsSent, PasswordResetFromKeyView):  # type: ignore[misc]
    success_url = reverse_lazy("account_login")
