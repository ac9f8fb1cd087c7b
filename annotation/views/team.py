"""The team of a study, and the managers of a vendor: who has which role, and since when."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User, Vendor
from annotation.forms.team import AddForm, RemoveForm, members_of
from annotation.models import Study, TeamChange
from annotation.rights import ROLES, Right, study_page

SHOWN = 100  # changes


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.AUTHOR)
def study_team(request: HttpRequest, study: Study) -> HttpResponse:
    rights = [(role, [right for right in Right if right in held]) for role, held in ROLES.items()]
    context = {"study": study, "rights": [row for row in rights if row[1]]}
    return _page(request, study, "desk/team.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def vendor_team(request: HttpRequest, key: str) -> HttpResponse:
    """Who may see a vendor's people. Administrators manage vendors."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    vendor = get_object_or_404(Vendor, key=key)
    if not request.user.is_superuser:
        raise PermissionDenied
    return _page(request, vendor, "desk/vendor_team.html", {"vendor": vendor})


def _page(
    request: HttpRequest, place: Study | Vendor, template: str, context: dict[str, Any]
) -> HttpResponse:
    asked = request.POST.get("form", "")
    forms = {
        name: form(request.POST if asked == name else None, place=place)
        for name, form in (("add", AddForm), ("remove", RemoveForm))
    }
    form = forms.get(asked)
    if form is not None and form.is_valid() and form.carry_out(cast(User, request.user)):
        messages.success(request, _("The team is changed."))
        return redirect(request.path)
    of = {"vendor": place} if isinstance(place, Vendor) else {"study": place}
    context |= {
        "forms": forms,
        "members": members_of(place),
        "changes": TeamChange.objects.filter(**of).select_related("by")[:SHOWN],
    }
    faulty = any(form.errors for form in forms.values() if form.is_bound)
    return render(request, template, context, status=422 if faulty else 200)
