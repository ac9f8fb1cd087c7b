"""Who of the team may do what in a study: the one place that pages ask.

`ROLES` is the whole matrix of docs/roles.md. An administrator (a superuser) may everything.
What somebody may in a study she may in its rehearsals.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from accounts.models import Vendor
from annotation.models import Role, Study, TeamMember

Somebody = AbstractBaseUser | AnonymousUser


class Right(models.TextChoices):
    """What somebody may do in one study."""

    WATCH = "watch", _("see how it goes: progress, places, pace, pay")
    AUTHOR = "author", _("write it, plan it, open, pause and close it")
    OUTCOMES = "outcomes", _("read what people preferred")
    RECORDS = "records", _("read what single people did and wrote")
    REVIEW = "review", _("decide about notes on people's work")
    HELP = "help", _("answer people who ask for help")
    RELEASE = "release", _("export and release data")


ROLES: dict[Role, frozenset[Right]] = {
    Role.RESEARCHER: frozenset(Right),
    Role.REVIEWER: frozenset({Right.WATCH, Right.REVIEW, Right.HELP}),
    Role.VIEWER: frozenset({Right.WATCH, Right.OUTCOMES}),
    Role.VENDOR_MANAGER: frozenset(),
}

# What Django's dashboard asks for, and the right that gives it. A record of a study needs the
# right in that study; what studies share (prompts, samplers, endpoints) needs it in any. What
# is not listed, such as users and vendors, only administrators may.
PERMISSIONS: dict[str, Right] = {
    **dict.fromkeys(
        ("annotation.view_study", "annotation.view_studylocale", "annotation.view_wave",
         "annotation.view_frozenplan", "annotation.view_signoff"),
        Right.WATCH,
    ),
    **dict.fromkeys(
        ("annotation.add_study", "annotation.change_study", "annotation.view_recruitmentlink",
         "accounts.view_vendor", "accounts.view_consentdocument",
         "accounts.view_consentstatement", "accounts.view_instrument",
         "accounts.view_question", "accounts.view_option",
         "candidates.view_prompt", "candidates.view_prompttext", "candidates.view_promptpool",
         "candidates.add_promptpool", "candidates.change_promptpool",
         "candidates.view_sampler", "candidates.add_sampler", "candidates.change_sampler",
         "candidates.view_modelendpoint", "candidates.add_modelendpoint",
         "candidates.change_modelendpoint", "candidates.view_budget",
         "candidates.view_candidateset", "candidates.change_candidateset"),
        Right.AUTHOR,
    ),
    **dict.fromkeys(
        ("annotation.view_participation", "annotation.view_slot", "annotation.view_grant",
         "annotation.view_moderation", "annotation.view_conversation"),
        Right.RECORDS,
    ),
    **dict.fromkeys(
        ("exports.view_apitoken", "exports.add_apitoken", "exports.change_apitoken",
         "exports.view_webhook", "exports.add_webhook", "exports.view_delivery",
         "exports.change_delivery", "exports.view_export", "exports.view_release",
         "exports.add_release"),
        Right.RELEASE,
    ),
}  # fmt: skip


def roles_with(right: Right) -> list[Role]:
    return [role for role, rights in ROLES.items() if right in rights]


def may(user: Somebody, right: Right, study: Study) -> bool:
    """Whether a member of the team has a right in this study."""
    if not user.is_active or not getattr(user, "is_staff", False):
        return False
    if user.is_superuser:  # type: ignore[union-attr]
        return True
    roles = _roles_of(user)
    return any(right in ROLES[role] for key in _also(study) for role in roles.get(key, ()))


def holds(user: Somebody, right: Right) -> bool:
    """Whether she has a right in any study at all."""
    if not user.is_active or not getattr(user, "is_staff", False):
        return False
    if user.is_superuser:  # type: ignore[union-attr]
        return True
    return any(right in ROLES[role] for roles in _roles_of(user).values() for role in roles)


def studies_for(user: Somebody, right: Right) -> QuerySet[Study]:
    """The studies in which she has a right, with their rehearsals; a list of a page asks this."""
    if not user.is_active or not getattr(user, "is_staff", False):
        return Study.objects.none()
    if user.is_superuser:  # type: ignore[union-attr]
        return Study.objects.all()
    own = TeamMember.objects.filter(user=user.pk, role__in=roles_with(right)).values("study")
    return Study.objects.filter(Q(pk__in=own) | Q(rehearsal_of__in=own))


def may_see_people(user: Somebody, vendor: Vendor) -> bool:
    """Whether she may see this vendor's people: its own manager, or an administrator."""
    if not user.is_active or user.is_anonymous:
        return False
    if user.is_superuser:  # type: ignore[union-attr]
        return True
    return TeamMember.objects.filter(user=user.pk, vendor=vendor, role=Role.VENDOR_MANAGER).exists()


def study_page(
    right: Right,
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page of one study: the view gets the study in place of its key.

    Who is not signed in is asked to; an unknown key is 404, a lacking right 403.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def page(request: HttpRequest, key: str, **more: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            study = get_object_or_404(Study, key=key)
            if not may(request.user, right, study):
                raise PermissionDenied
            return view(request, study=study, **more)

        return page

    return decorate


def _also(study: Study) -> Iterable[int]:
    return {study.pk, study.rehearsal_of_id} - {None}


def _roles_of(user: Somebody) -> dict[int, list[Role]]:
    """Her roles by study, read once for each object of a user: once a request."""
    known: dict[int, list[Role]] | None = vars(user).get("_roles")
    if known is None:
        known = {}
        rows = TeamMember.objects.filter(user=user.pk).exclude(study=None)
        for study, role in rows.values_list("study", "role"):
            known.setdefault(study, []).append(Role(role))
        vars(user)["_roles"] = known
    return known
