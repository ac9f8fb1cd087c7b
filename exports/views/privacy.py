"""Pages for staff: what a release would generalise, and personal data found in texts."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from annotation.models import Study
from annotation.rights import Right, study_page
from exports.actions.findings import decide_findings
from exports.forms.privacy import DecisionForm, PreviewForm
from exports.privacy.generalise import plan_recoding
from exports.privacy.passages import STATES, list_findings, passages
from exports.privacy.preview import describe
from exports.privacy.texts import undecided, unscreened
from exports.tasks.findings import enqueue_screening

PAGE = 50  # findings


@require_GET
@study_page(Right.RELEASE)
def risk(request: HttpRequest, study: Study) -> HttpResponse:
    """How well people hide in a release of a tier, and what that costs. Stores nothing."""
    form = PreviewForm(request.GET if "tier" in request.GET else {"tier": "public"}, study=study)
    context = {"study": study, "form": form}
    if form.is_valid():
        try:
            _recoding, report = plan_recoding(
                study=study, tier=form.cleaned_data["tier"], settings=form.settings
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            context |= {"report": report, **describe(report)}
    return render(request, "exports/risk.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.RELEASE)
def personal_data(request: HttpRequest, study: Study) -> HttpResponse:
    """What the check found, page by page, and decisions about it."""
    state = request.GET.get("state", "")
    state = state if state in STATES else "undecided"
    if request.method == "POST":
        _post(request, study)
        return redirect(request.get_full_path())
    listed = Paginator(list_findings(study, state), PAGE).get_page(request.GET.get("page"))
    context = {
        "study": study,
        "state": state,
        "states": STATES.items(),
        "page": listed,
        "passages": passages(list(listed)),
        "undecided": undecided(study),
        "unscreened": unscreened(study),
    }
    return render(request, "exports/personal_data.html", context)


def _post(request: HttpRequest, study: Study) -> None:
    if "check" in request.POST:
        if enqueue_screening():
            messages.success(request, _("A worker checks the texts now."))
        else:
            messages.error(
                request, _("No worker can be asked now. The check runs by itself later.")
            )
        return
    form = DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return
    assert isinstance(request.user, User)
    number = decide_findings(
        study=study,
        findings=form.cleaned_data["findings"],
        verdict=form.cleaned_data["verdict"],
        by=request.user,
    )
    words = ngettext("%(n)s decision was stored.", "%(n)s decisions were stored.", number)
    messages.success(request, words % {"n": number})
