"""The conversations: reading, ranking, writing on, explaining."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_POST

from annotation.access import (
    ParticipantRequest,
    at_step,
    get_own_conversation,
    get_own_draft,
    get_own_turn,
    participant_required,
)
from annotation.actions import conversation as act
from annotation.actions.assignment import renew_lease
from annotation.actions.participation import finish_after_help
from annotation.forms.conversation import ExplanationForm, OwnPromptForm, RankingForm, SkipForm
from annotation.help_lines import help_lines
from annotation.models import Conversation, Participation
from annotation.models.study import ExplanationPolicy
from annotation.pace import minutes_left
from annotation.sittings import (
    day_is_full,
    is_back,
    last_conversation,
    minutes_until_free,
    tomorrow,
)
from annotation.steps import (
    Standing,
    Step,
    TurnStep,
    conversations_due,
    is_ranked,
    next_step,
    open_conversation,
    plan_of,
    read_conversations,
    shown_in,
    standing,
    wrote_in_other_language,
)
from annotation.stored_order import stored_order
from candidates.moderation import Outcome, Verdict


@require_GET
@at_step(Step.CONVERSATIONS)
def conversations(request: ParticipantRequest) -> HttpResponse:
    """Between two conversations: what is done, what comes, and a button, or when to go on."""
    participation = request.participation
    current = open_conversation(participation)
    if current:
        return redirect("conversation", current.public_id)
    due = conversations_due(participation)
    context = {
        "study": participation.study,
        "done": len(participation.conversations.all()),
        "total": len(plan_of(participation)),
        "left": len(due),
        "next": due[0][1],
        "minutes_left": minutes_left(participation),
        "is_back": is_back(participation),
        "return_url": _return_url(request),
        "written_before": _written_before(participation),
    }
    if day_is_full(participation):
        context["day"] = tomorrow(participation)
        return render(request, "annotation/enough_today.html", context)
    if "busy" in request.GET:
        context |= {"busy": True, "free_in": minutes_until_free(participation)}
    return render(request, "annotation/conversations.html", context)


def _written_before(participation: Participation) -> Conversation | None:
    """The conversation just ended, if what she wrote last there is in another language."""
    last = last_conversation(participation)
    if last and wrote_in_other_language(last, list(last.turns.select_related("explanation"))):
        return last
    return None


@require_POST
@participant_required
def conversation_open(request: ParticipantRequest) -> HttpResponse:
    """Opens the next one; while others are at work on all that is left, says so."""
    participation = request.participation
    if "finish" in request.POST:
        act.give_up_pool(participation=participation)
    opened = act.open_next_conversation(participation=participation)
    if opened:
        return redirect("conversation", opened.public_id)
    participation.refresh_from_db()
    if next_step(participation) is Step.CONVERSATIONS:
        return redirect(f"{reverse('conversations')}?busy")
    return redirect("here")


@require_GET
@participant_required
def conversation(request: ParticipantRequest, public_id: str) -> HttpResponse:
    found = get_own_conversation(request, public_id)
    renew_lease(conversation=found)
    now = standing(found)
    if found.is_open and now.step is TurnStep.ENDED:
        act.end_if_done(conversation=found)
    return _show(request, found, now)


@require_POST
@participant_required
def own_prompt_write(request: ParticipantRequest, public_id: str) -> HttpResponse:
    found = get_own_conversation(request, public_id)
    form = OwnPromptForm(request.POST)
    if not form.is_valid():
        return _show(request, found, standing(found), form=form, status=422)
    if found.is_open and not found.turns.exists():
        verdict = act.check_message(conversation=found, message=form.cleaned_data["message"])
        if not form.take(verdict):
            return _give_back(request, found, verdict, form)
    try:
        act.write_own_prompt(
            conversation=found,
            message=form.cleaned_data["message"],
            pasted=form.cleaned_data["pasted"],
        )
    except ValidationError as error:
        return _refuse(request, found, error)
    return _go_on(request, found)


@require_POST
@participant_required
def ranking_submit(request: ParticipantRequest, public_id: str, position: int) -> HttpResponse:
    turn = get_own_turn(request, public_id, position)
    shown = shown_in(turn)
    form = RankingForm(request.POST, turn=turn, shown=shown)
    if hasattr(turn, "ranking"):  # a double click, or the answer to the first was lost
        return _go_on(request, turn.conversation)
    if not shown or not form.is_valid():
        return _show(request, turn.conversation, standing(turn.conversation), form=form, status=422)
    next_message = form.cleaned_data.get("next_message")
    if next_message and turn.conversation.is_open:
        verdict = act.check_message(conversation=turn.conversation, message=next_message)
        if not form.take(verdict):
            return _give_back(request, turn.conversation, verdict, form)
    try:
        act.submit_ranking(
            turn=turn,
            submission_key=form.cleaned_data["submission_key"],
            judgement=form.judgement(),
        )
    except ValidationError as error:
        for field, messages in getattr(error, "message_dict", {}).items():
            form.add_error(field if field in form.fields else None, messages)
        return _refuse(request, turn.conversation, error, form=form)
    return _go_on(request, turn.conversation)


def _give_back(
    request: ParticipantRequest,
    conversation: Conversation,
    verdict: Verdict,
    form: OwnPromptForm | RankingForm,
) -> HttpResponse:
    """A message that was not taken: its form with the reason, or the help line."""
    if verdict.outcome is Outcome.HELP:
        return _to_page(request, "conversation-help", conversation.public_id)
    return _show(request, conversation, standing(conversation), form=form, status=422)


@require_GET
@participant_required
def conversation_help(request: ParticipantRequest, public_id: str) -> HttpResponse:
    """Whom to call in her country, and two ways on, both paid."""
    found = get_own_conversation(request, public_id)
    if found.status != Conversation.Status.HELPED:
        return redirect("here")
    context = {
        "conversation": found,
        "lines": help_lines(request.participation.country),
        "finished": request.participation.finished_at is not None,
    }
    return render(request, "annotation/help.html", context)


@require_POST
@participant_required
def help_finish(request: ParticipantRequest, public_id: str) -> HttpResponse:
    """Out of the whole study with the completion code, for somebody who saw the help line."""
    found = get_own_conversation(request, public_id)
    if found.status == Conversation.Status.HELPED:
        finish_after_help(participation=request.participation)
    return redirect("here")


@require_POST
@participant_required
def explanation_submit(request: ParticipantRequest, public_id: str, position: int) -> HttpResponse:
    turn = get_own_turn(request, public_id, position)
    form = _explanation_form(turn.conversation, request.POST)
    if not form.is_valid():
        return _show(request, turn.conversation, standing(turn.conversation), form=form, status=422)
    try:
        act.explain_choice(
            turn=turn, text=form.cleaned_data["text"], pasted=form.cleaned_data["pasted"]
        )
    except ValidationError as error:
        return _refuse(request, turn.conversation, error)
    return _go_on(request, turn.conversation)


@require_POST
@participant_required
def conversation_skip(request: ParticipantRequest, public_id: str) -> HttpResponse:
    found = get_own_conversation(request, public_id)
    form = SkipForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    act.skip_conversation(conversation=found, reason=reason)
    return redirect("here")


@require_POST
@participant_required
def generation_retry(request: ParticipantRequest, public_id: str, position: int) -> HttpResponse:
    turn = get_own_turn(request, public_id, position)
    act.retry_generation(turn=turn)
    return _go_on(request, turn.conversation)


@require_POST
@participant_required
def conversation_leave(request: ParticipantRequest, public_id: str) -> HttpResponse:
    """Out of a conversation whose next answers could not be made."""
    found = get_own_conversation(request, public_id)
    if standing(found).step is TurnStep.FAILED:
        act.leave_failed_conversation(conversation=found)
    return redirect("here")


@require_GET
@participant_required
def next_answers(request: ParticipantRequest, public_id: str) -> HttpResponse:
    """A small status that a page polls while the next answers are made.

    It leads on to them by itself, unless she has written something that is not sent.
    """
    found = get_own_conversation(request, public_id)
    renew_lease(conversation=found)
    now = standing(found)
    stays = now.step is TurnStep.RANK and "unsent" in request.GET
    if not stays and now.step not in {TurnStep.EXPLAIN, TurnStep.WAIT}:
        return _to_page(request, "conversation", found.public_id)
    return render(request, "annotation/partials/next_answers.html", _waiting(found, now))


def _waiting(conversation: Conversation, now: Standing) -> dict[str, Any]:
    latest = now.turns[-1]
    return {
        "conversation": conversation,
        "explaining": now.step is TurnStep.EXPLAIN,
        "last_turn": now.turn is not None and now.turn.is_last,
        "status": latest.candidate_set.status,
    }


def _go_on(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    """To where the conversation stands now; htmx follows and receives the fragment."""
    return redirect("conversation", conversation.public_id)


def _to_page(request: HttpRequest, name: str, *args: str) -> HttpResponse:
    """To a whole page, also for htmx, which would put it inside this one."""
    if not request.headers.get("HX-Request"):
        return redirect(name, *args)
    return HttpResponse(headers={"HX-Redirect": reverse(name, args=args)})


def _refuse(
    request: ParticipantRequest,
    conversation: Conversation,
    error: ValidationError,
    form: RankingForm | None = None,
) -> HttpResponse:
    """Says what could not be taken; what was typed stays on the page."""
    return _show(
        request,
        conversation,
        standing(conversation),
        form=form,
        status=422,
        problems=[] if hasattr(error, "error_dict") else error.messages,
    )


def _show(
    request: ParticipantRequest,
    conversation: Conversation,
    now: Standing,
    *,
    form: Any = None,
    status: int = 200,
    problems: list[str] | None = None,
) -> HttpResponse:
    """The page of a conversation, or (for htmx) only its changing part."""
    if conversation.status == Conversation.Status.HELPED:  # the answer to the first was lost
        return _to_page(request, "conversation-help", conversation.public_id)
    if now.step is TurnStep.ENDED:
        return _to_page(request, "here")
    read_conversations(request.participation)
    draft_key = _draft_key(conversation, now)
    draft = get_own_draft(request, draft_key)
    context: dict[str, Any] = {
        "conversation": conversation,
        "study": request.participation.study,
        "standing": now,
        "step": now.step.value,
        "turn": now.turn,
        "history": [turn for turn in now.turns if now.turn and turn.position < now.turn.position],
        "number": conversation.ordinal + 1,
        "total": len(plan_of(request.participation)),
        "done": len(request.participation.conversations.all()) - 1,
        "minutes_left": minutes_left(
            request.participation, ranked=sum(map(is_ranked, now.turns))
        ),
        "is_back": is_back(request.participation),
        "return_url": _return_url(request),
        "problems": problems or [],
        "other_language": wrote_in_other_language(conversation, now.turns),
        "form": form,
        "draft": draft,
        "draft_key": draft_key,
    }
    context |= _step_context(conversation, now, form, draft.fields if draft else {})
    fragment = request.headers.get("HX-Request") and not request.headers.get(
        "HX-History-Restore-Request"
    )
    template = "partials/conversation.html" if fragment else "conversation.html"
    response = render(request, f"annotation/{template}", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _draft_key(conversation: Conversation, now: Standing) -> str:
    """The path that the form of this step is sent to; empty where there is none."""
    args = [conversation.public_id]
    if now.step is TurnStep.WRITE_PROMPT:
        return reverse("own-prompt-write", args=args)
    names = {TurnStep.RANK: "ranking-submit", TurnStep.EXPLAIN: "explanation-submit"}
    if now.step not in names or now.turn is None:
        return ""
    return reverse(names[now.step], args=[*args, now.turn.position])


def _step_context(
    conversation: Conversation, now: Standing, form: Any, entered: dict[str, str]
) -> dict[str, Any]:
    """What the step's own partial needs beyond the common context."""
    if now.step is TurnStep.WRITE_PROMPT:
        return {"form": form if isinstance(form, OwnPromptForm) else OwnPromptForm(initial=entered)}
    assert now.turn is not None
    if now.step is TurnStep.RANK:
        shown = act.show_candidates(turn=now.turn)
        usable = isinstance(form, RankingForm) and form.shown
        return {
            "shown": shown,
            "canned": now.turn.candidate_set.canned,
            "form": form if usable else RankingForm(turn=now.turn, shown=shown, initial=entered),
        }
    if now.step is TurnStep.EXPLAIN:
        return {
            "stored": stored_order(now.turn),
            "canned": now.turn.candidate_set.canned,
            "form": form
            if isinstance(form, ExplanationForm)
            else _explanation_form(conversation, initial=entered),
            **_waiting(conversation, now),
        }
    if now.step is TurnStep.WAIT:
        ranked = [turn for turn in now.turns if is_ranked(turn)]
        stored = stored_order(ranked[-1]) if ranked else []
        return {"stored": stored, **_waiting(conversation, now)}
    return {}


def _explanation_form(
    conversation: Conversation, data: Any = None, *, initial: dict[str, str] | None = None
) -> ExplanationForm:
    participation = conversation.participation
    return ExplanationForm(
        data,
        question=participation.study.explanation_question,
        required=participation.wave.explanation_policy == ExplanationPolicy.REQUIRED,
        initial=initial,
    )


def _return_url(request: ParticipantRequest) -> str:
    return request.build_absolute_uri(
        reverse("come-back", args=[request.participation.return_token])
    )
