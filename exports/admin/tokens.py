"""Tokens of the vendors' API: made and revoked here; the secret is shown once."""

from datetime import UTC, datetime, time
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from annotation.admin_studies import StudyRecordsAdmin
from annotation.rights import Right, studies_for
from exports.actions.tokens import create_token, revoke_token
from exports.forms.tokens import TokenForm
from exports.models import Access, ApiToken


class ApiTokenAdmin(StudyRecordsAdmin):
    list_display = (
        *("name", "start", "vendor", "study", "access", "state"),
        *("created_at", "expires_at", "last_used_at"),
    )
    list_filter = ("access", "vendor", "study")
    list_select_related = ("vendor", "study")
    exclude = ("token_hash",)
    readonly_fields = ("start",)
    actions = ("revoke",)

    @admin.display(description=_("state"))
    def state(self, token: ApiToken) -> str:
        if token.revoked_at:
            return str(_("revoked"))
        if token.expires_at and token.expires_at <= timezone.now():
            return str(_("expired"))
        return str(_("valid"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("exports.add_apitoken")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("exports.change_apitoken")

    @admin.action(description=_("Revoke the chosen tokens now"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        good = list(tokens.filter(revoked_at=None))
        for token in good:
            revoke_token(token=token, by=cast(User, request.user))
        words = ngettext("%(n)s token is revoked.", "%(n)s tokens are revoked.", len(good))
        self.message_user(request, words % {"n": len(good)})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Makes a token and shows it in this one answer. To load it again makes another."""
        if not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)  # refuses
        own = studies_for(request.user, Right.RELEASE)
        form = TokenForm(request.POST if request.method == "POST" else None, studies=own)
        secret = _make(form, cast(User, request.user)) if form.is_valid() else ""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("A new token"),
            "form": form,
            "secret": secret,
            "media": form.media,
        }
        status = 422 if form.errors else 200
        # The dashboard's pages are kept by no cache, nor by the browser: neither is this one.
        return TemplateResponse(request, "admin/exports/apitoken/add.html", context, status=status)


def _make(form: TokenForm, user: User) -> str:
    given = form.cleaned_data
    return create_token(
        vendor=given["vendor"],
        study=given["study"],
        name=given["name"],
        access=Access(given["access"]),
        fields=sorted({*given["fields_kept"], *given["special_fields"]}),
        addresses=given["addresses"],
        expires_at=datetime.combine(given["expires_on"], time.max, tzinfo=UTC),
        created_by=user,
    )
