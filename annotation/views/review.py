"""The queue of notes on people's work, and a note in two steps: blind, then with her choices."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from annotation.actions import reviewing as act
from annotation.desk.people import answers_about_herself
from annotation.desk.team import member, told
from annotation.desk.transcript import transcript
from annotation.forms.desk import DecisionForm, FirstForm, WantedForm, WhyForm
from annotation.models import Flag, FlagJudgement, Study
from annotation.review.evidence import figures
from annotation.review.queue import (
    changes_of_mind,
    language_of,
    next_for,
    notes_of,
    rates,
    to_judge_blind,
)
from annotation.rights import Right, may, study_page

PAGE = 50  # notes


@require_GET
@study_page(Right.REVIEW)
def queue(request: HttpRequest, study: Study) -> HttpResponse:
    form = WantedForm(request.GET, study=study)
    found = notes_of(study, form.wanted()).prefetch_related("judgements")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "study": study,
        "form": form,
        "page": page,
        "notes": [(flag, language_of(flag)) for flag in page],
        "next": next_for(member(request), study),
        "rates": rates(study),
        "changes": changes_of_mind(study),
    }
    return render(request, "desk/review/queue.html", context)


@require_GET
@study_page(Right.REVIEW)
def next_note(request: HttpRequest, study: Study) -> HttpResponse:
    """To the oldest note that waits for her; to the queue where none does."""
    return _next(request, study, besides=None)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.REVIEW)
def note(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """The first step: figures, language and her answer; nothing that leads to her."""
    flag, reviewer = _find(study, number), member(request)
    first = _first_of(flag, reviewer)
    form = FirstForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        verdict = FlagJudgement.Verdict(form.cleaned_data["verdict"])
        reason = form.cleaned_data["reason"]
        if told(request, lambda: act.judge_flag(
            flag=flag, verdict=verdict, reason=reason, by=reviewer
        )):  # fmt: skip
            return redirect("study-review-choices", study.key, flag.pk)
        return redirect("study-review-note", study.key, flag.pk)
    context = _facts(study, flag) | {
        "first": first,
        "form": None if first or not flag.waits else form,
    }
    return render(request, "desk/review/note.html", context, status=422 if form.errors else 200)


@require_POST
@study_page(Right.REVIEW)
def ask_second(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Leaves the decision to another reviewer."""
    flag, form = _find(study, number), WhyForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why."))
        return redirect("study-review-choices", study.key, flag.pk)
    why, reviewer = form.cleaned_data["why"], member(request)
    told(request, lambda: act.ask_second_reviewer(flag=flag, why=why, by=reviewer))
    return _next(request, study, besides=flag.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.REVIEW)
def choices(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """The second step: what she read, chose and wrote; looking is noted. Then the decision."""
    flag, reviewer = _find(study, number), member(request)
    if not told(request, lambda: act.open_choices(flag=flag, by=reviewer)):
        return redirect("study-review-note", study.key, (to_judge_blind(flag, reviewer) or flag).pk)
    form = DecisionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _decide(request, study, flag, form)
    person = flag.participation
    seen = may(reviewer, Right.RECORDS, study)
    context = _facts(study, flag) | {
        "first": _first_of(flag, reviewer),
        "form": form if flag.waits and flag.asked_by_id != reviewer.pk else None,
        "second": WhyForm(auto_id="second_%s") if flag.waits and not flag.asked_by_id else None,
        "person": person,
        "answers": answers_about_herself(person) if seen else None,
        "conversations": [(one, transcript(one)) for one in person.conversations.all()],
        "judgements": flag.judgements.select_related("by"),
    }
    return render(request, "desk/review/choices.html", context, status=422 if form.errors else 200)


def _decide(request: HttpRequest, study: Study, flag: Flag, form: DecisionForm) -> HttpResponse:
    given, reviewer = form.cleaned_data, member(request)
    decision = Flag.Decision(given["decision"])
    done = told(
        request,
        lambda: act.decide_flag(
            flag=flag, decision=decision, reason=given["reason"], by=reviewer, end=given["end"]
        ),
        _("The decision is stored, and the person can read it."),
    )
    if not done:
        return redirect("study-review-choices", study.key, flag.pk)
    return _next(request, study, besides=flag.pk)


def _next(request: HttpRequest, study: Study, besides: int | None) -> HttpResponse:
    found = next_for(member(request), study, besides=besides)
    if found is None:
        messages.info(request, _("No note waits for you."))
        return redirect("study-review", study.key)
    return redirect("study-review-note", study.key, found.pk)


def _find(study: Study, number: int) -> Flag:
    flags = Flag.objects.select_related("participation__locale", "participation__study")
    return get_object_or_404(flags, participation__study=study, pk=number)


def _first_of(flag: Flag, reviewer: User) -> FlagJudgement | None:
    return flag.judgements.filter(stage=FlagJudgement.Stage.FIRST, by=reviewer).first()


def _facts(study: Study, flag: Flag) -> dict[str, Any]:
    return {
        "study": study,
        "flag": flag,
        "language": language_of(flag),
        "figures": list(figures(flag)),
    }
