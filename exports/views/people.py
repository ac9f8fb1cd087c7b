"""A vendor's own people, for the vendor's own manager: the facts that the API tells, as a page."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.models import ExternalIdentity, Vendor
from annotation.models import Participation, Study
from annotation.rights import may_see_people
from exports.models import Invitation
from exports.vendors.people import Person, Quality, Status, describe, people_of
from exports.vendors.telling import told_to

PAGE = 100  # people

STATES = {
    Status.INVITED: _("invited"),
    Status.STARTED: _("started"),
    Status.DECLINED: _("declined"),
    Status.FINISHED: _("finished"),
    Status.SCREENED_OUT: _("screened out"),
    Status.QUOTA_FULL: _("quota full"),
    Status.QUALITY: _("ended for quality"),
    Status.WITHDRAWN: _("withdrawn"),
}
DECISIONS = {Quality.KEPT: _("kept"), Quality.LEFT_OUT: _("left out")}


@dataclass(frozen=True)
class Row:
    person: Person
    status: object
    quality: object


def vendor_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of one vendor, for its manager: the view gets the vendor in place of its key."""

    @wraps(view)
    def page(request: HttpRequest, key: str) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        vendor = get_object_or_404(Vendor, key=key)
        if not may_see_people(request.user, vendor):
            raise PermissionDenied
        return view(request, vendor=vendor)

    return page


@require_GET
@vendor_page
def people(request: HttpRequest, vendor: Vendor) -> HttpResponse:
    """One study at a time: `?study=` names it, of those in which the vendor has people."""
    studies = list(studies_of(vendor))
    asked = request.GET.get("study", "")
    study = next((one for one in studies if one.key == asked), studies[0] if studies else None)
    page = _page(study, vendor, request.GET.get("page", "")) if study else None
    context = {
        "vendor": vendor,
        "studies": studies,
        "study": study,
        "page": page,
        "rows": _rows(page, vendor, study) if page and study else [],
    }
    return render(request, "exports/vendor_people.html", context)


def studies_of(vendor: Vendor) -> "list[Study]":
    """Where the vendor's people were invited or take part; rehearsals have no people."""
    invited = Invitation.objects.filter(annotator__vendor=vendor).values("study")
    took_part = Participation.objects.filter(annotator__vendor=vendor).values("study")
    found = Study.objects.filter(rehearsal_of=None)
    return list((found.filter(pk__in=invited) | found.filter(pk__in=took_part)).order_by("key"))


def _page(study: Study, vendor: Vendor, number: str) -> Page[ExternalIdentity]:
    return Paginator(people_of(study, vendor), PAGE).get_page(number)


def _rows(page: Page[ExternalIdentity], vendor: Vendor, study: Study) -> list[Row]:
    told = told_to(vendor, study)
    return [_row(describe(identity, told)) for identity in page]


def _row(person: Person) -> Row:
    return Row(person, STATES[person.status], DECISIONS[person.quality] if person.quality else "")
