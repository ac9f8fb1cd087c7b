"""A member of the team looks at her own study as annotators see it."""

from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotation.actions.previewing import start_preview
from annotation.desk.previews import Invitation, read_invitation
from annotation.models import Phase, StudyLocale
from annotation.pace import pays_by_country, study_minutes
from annotation.rights import Right, may
from annotation.views.recruitment import sign_in


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """The invitation as people read it; its button begins a preview, as often as it is pressed."""
    try:
        invitation = read_invitation(token)
    except signing.SignatureExpired:
        text = _("This preview link is too old. Open another one from the study's page.")
        return render(request, "annotation/message.html", {"text": text}, status=410)
    except signing.BadSignature:
        return render(request, "annotation/unknown_link.html", status=404)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    locale = _locale_for(request, invitation)
    with translation.override(locale.language):
        if request.method != "POST":
            return _invitation(request, locale)
        try:
            participation = start_preview(locale=locale)
        except ValidationError as error:
            context = {"text": error.messages[0]}
            return render(request, "annotation/message.html", context, status=409)
    sign_in(request, participation)
    return redirect("here")


def _locale_for(request: HttpRequest, invitation: Invitation) -> StudyLocale:
    """The locale, for whom the link was made; nobody else."""
    locale = get_object_or_404(StudyLocale.objects.select_related("study"), pk=invitation.locale)
    if request.user.pk != invitation.user or not may(request.user, Right.AUTHOR, locale.study):
        raise PermissionDenied
    return locale


def _invitation(request: HttpRequest, locale: StudyLocale) -> HttpResponse:
    study = locale.study
    context = {
        "study": study,
        "conversations": study.pool_conversations + study.own_conversations,
        "minutes": study_minutes(study, phase=Phase.MAIN),
        "pays": pays_by_country(study),
        "preview_of": locale,
    }
    return render(request, "annotation/welcome.html", context)
