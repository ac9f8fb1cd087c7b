"""Who of the team may do what in a study: the one place that pages ask."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from annotation.models import Study


class Right(models.TextChoices):
    """What somebody may do in one study."""

    WATCH = "watch", _("see how it goes: progress, places, pace, pay")
    AUTHOR = "author", _("write it, plan it, open, pause and close it")
    OUTCOMES = "outcomes", _("read what people preferred")
    REVIEW = "review", _("decide about notes on people's work")
    HELP = "help", _("answer people who ask for help")
    RELEASE = "release", _("export and release data")


PERMISSIONS = {
    Right.WATCH: "annotation.view_study",
    Right.AUTHOR: "annotation.change_study",
    Right.OUTCOMES: "annotation.view_study",
    Right.REVIEW: "annotation.change_flag",
    Right.HELP: "annotation.change_helpthread",
    Right.RELEASE: "exports.add_release",
}


def may(user: AbstractBaseUser | AnonymousUser, right: Right, study: Study) -> bool:
    """Whether a member of the team has a right in this study."""
    return bool(user.has_perm(PERMISSIONS[right]))  # type: ignore[union-attr]


def study_page(
    right: Right,
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page of one study: the view gets the study in place of its key.

    Who is not signed in is asked to; an unknown key is 404, a lacking right 403.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def page(request: HttpRequest, key: str, **more: Any) -> HttpResponse:
            study = get_object_or_404(Study, key=key)
            if not may(request.user, right, study):
                raise PermissionDenied
            return view(request, study=study, **more)

        return staff_member_required(page)

    return decorate
