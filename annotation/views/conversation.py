"""The conversations: reading, ranking, writing on, explaining."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from annotation.access import (
    ParticipantRequest,
    at_step,
    get_own_conversation,
    get_own_turn,
    participant_required,
    return_url,
)
from annotation.actions.assignment import renew_lease
from annotation.actions.conversation import (
    give_up_pool,
    open_next_conversation,
)
from annotation.actions.explaining import explain_choice
from annotation.actions.judgement import OUT_OF_DATE
from annotation.actions.leaving import end_if_done
from annotation.actions.submission import submit_ranking
from annotation.actions.writing import check_message, retry_generation, write_own_prompt
from annotation.forms.conversation import OwnPromptForm, RankingForm
from annotation.models import Conversation, Participation
from annotation.pace import minutes_left
from annotation.queries.remembered import shown_in
from annotation.steps.conversation import TurnStep, standing, wrote_in_other_language
from annotation.steps.participation import (
    Step,
    conversations_due,
    next_step,
    open_conversation,
    plan_of,
)
from annotation.steps.sittings import (
    day_is_full,
    is_back,
    last_conversation,
    minutes_until_free,
    tomorrow,
)
from annotation.views.conversation_page import (
    explanation_form,
    go_on,
    is_asked_by_script,
    put_in_place,
    refuse,
    show,
    to_page,
    waiting,
)
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
        "return_url": return_url(request),
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
    """Opens the next one: a script receives it, a browser by itself is led to it.

    While others are at work on all that is left, says so.
    """
    participation = request.participation
    if "finish" in request.POST:
        give_up_pool(participation=participation)
    script = is_asked_by_script(request)
    opened = open_next_conversation(participation=participation, show=script)
    if opened and script:
        return put_in_place(request, opened)
    if opened:
        return redirect("conversation", opened.public_id)
    participation.refresh_from_db()
    if next_step(participation) is Step.CONVERSATIONS:
        return to_page(request, "conversations", query="?busy")
    return to_page(request, "here")


@require_GET
@participant_required
def conversation(request: ParticipantRequest, public_id: str) -> HttpResponse:
    found = get_own_conversation(request, public_id)
    renew_lease(conversation=found)
    now = standing(found)
    if found.is_open and now.step is TurnStep.ENDED:
        end_if_done(conversation=found)
    return show(request, found, now)


@require_POST
@participant_required
def own_prompt_write(request: ParticipantRequest, public_id: str) -> HttpResponse:
    found = get_own_conversation(request, public_id)
    form = OwnPromptForm(request.POST)
    if not form.is_valid():
        return show(request, found, standing(found), form=form, status=422)
    if found.is_open and not found.turns.exists():
        verdict = check_message(conversation=found, message=form.cleaned_data["message"])
        if not form.take(verdict):
            return _give_back(request, found, verdict, form)
    try:
        write_own_prompt(
            conversation=found,
            message=form.cleaned_data["message"],
            pasted=form.cleaned_data["pasted"],
        )
    except ValidationError as error:
        return refuse(request, found, error)
    return go_on(request, found)


@require_POST
@participant_required
def ranking_submit(request: ParticipantRequest, public_id: str, position: int) -> HttpResponse:
    turn = get_own_turn(request, public_id, position)
    shown = shown_in(turn)
    form = RankingForm(request.POST, turn=turn, shown=shown)
    if hasattr(turn, "ranking"):  # a double click, or the answer to the first was lost
        return go_on(request, turn.conversation)
    if not form.is_valid():
        return show(
            request,
            turn.conversation,
            standing(turn.conversation),
            form=form,
            status=422,
            problems=[] if shown else [str(OUT_OF_DATE)],
        )
    next_message = form.cleaned_data.get("next_message")
    if next_message and turn.conversation.is_open:
        verdict = check_message(conversation=turn.conversation, message=next_message)
        if not form.take(verdict):
            return _give_back(request, turn.conversation, verdict, form)
    try:
        submit_ranking(
            turn=turn,
            submission_key=form.cleaned_data["submission_key"],
            judgement=form.judgement(),
        )
    except ValidationError as error:
        for field, messages in getattr(error, "message_dict", {}).items():
            form.add_error(field if field in form.fields else None, messages)
        return refuse(request, turn.conversation, error, form=form)
    return go_on(request, turn.conversation)


def _give_back(
    request: ParticipantRequest,
    conversation: Conversation,
    verdict: Verdict,
    form: OwnPromptForm | RankingForm,
) -> HttpResponse:
    """A message that was not taken: its form with the reason, or the help line."""
    if verdict.outcome is Outcome.HELP:
        return to_page(request, "conversation-help", conversation.public_id)
    return show(request, conversation, standing(conversation), form=form, status=422)


@require_POST
@participant_required
def explanation_submit(request: ParticipantRequest, public_id: str, position: int) -> HttpResponse:
    turn = get_own_turn(request, public_id, position)
    form = explanation_form(turn.conversation, request.POST)
    if not form.is_valid():
        return show(request, turn.conversation, standing(turn.conversation), form=form, status=422)
    try:
        explain_choice(
            turn=turn, text=form.cleaned_data["text"], pasted=form.cleaned_data["pasted"]
        )
    except ValidationError as error:
        return refuse(request, turn.conversation, error)
    return go_on(request, turn.conversation)


@require_POST
@participant_required
def generation_retry(request: ParticipantRequest, public_id: str, position: int) -> HttpResponse:
    turn = get_own_turn(request, public_id, position)
    retry_generation(turn=turn)
    return go_on(request, turn.conversation)


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
        return to_page(request, "conversation", found.public_id)
    return render(request, "annotation/partials/next_answers.html", waiting(found, now))
