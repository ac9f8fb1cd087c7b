"""The guided practice item, between the guidelines and the first conversation."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.http import require_http_methods

from annotation.access import ParticipantRequest, at_step
from annotation.actions import practice as act
from annotation.forms.practice import PracticeForm
from annotation.models import Participation
from annotation.steps.participation import Step
from annotation.steps.practice import Practice, read_practice


@require_http_methods(["GET", "HEAD", "POST"])
@at_step(Step.PRACTICE)
def practice(request: ParticipantRequest) -> HttpResponse:
    """Asks until the question is settled, then shows the right answer and lets her go on."""
    participation = request.participation
    item = _item(participation)
    if participation.comprehension_passed is not None:
        if request.method == "POST":
            act.leave_practice(participation=participation)
            return redirect("here")
        return render(request, "annotation/practice_done.html", {"item": item})
    attempt = participation.comprehension_tries + 1
    form = PracticeForm(request.POST or None, practice=item, attempt=attempt)
    if form.is_valid():
        act.answer_practice(
            participation=participation,
            attempt=form.cleaned_data["attempt"],
            correct=form.is_right(),
        )
        participation.refresh_from_db()
        if participation.comprehension_passed is not None:
            return redirect("practice")
        return _ask_again(request, item)
    return _page(request, form, status=422 if form.is_bound else 200)


def _ask_again(request: ParticipantRequest, item: Practice) -> HttpResponse:
    """The same page with her places, a hint, and the question open for the next try."""
    attempt = request.participation.comprehension_tries + 1
    data = request.POST.copy()
    data["attempt"] = str(attempt)
    form = PracticeForm(data, practice=item, attempt=attempt)
    return _page(request, form, status=422)


def _page(request: ParticipantRequest, form: PracticeForm, status: int) -> HttpResponse:
    context = {
        "form": form,
        "item": form.practice,
        "again": request.participation.comprehension_tries > 0,
    }
    return render(request, "annotation/practice.html", context, status=status)


def _item(participation: Participation) -> Practice:
    assert participation.locale is not None
    return read_practice(
        participation.study.practice,
        language=participation.locale.language,
        pages=translation.get_language() or "en",
    )
