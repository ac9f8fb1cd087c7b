"""The page of a conversation as it stands now: its context, and ways to and from it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from annotation.access import ParticipantRequest, get_own_draft, hold_as_hers, return_url
from annotation.actions.assignment import renew_lease
from annotation.actions.conversation import show_candidates
from annotation.actions.leaving import HAS_ENDED
from annotation.forms.conversation import ExplanationForm, OwnPromptForm, RankingForm
from annotation.judgement.stored_order import stored_order
from annotation.models import Conversation
from annotation.models.parts import ExplanationPolicy
from annotation.pace import minutes_left
from annotation.queries.remembered import is_known, read_conversations
from annotation.steps.conversation import (
    Standing,
    TurnStep,
    is_ranked,
    standing,
    wrote_in_other_language,
)
from annotation.steps.participation import plan_of
from annotation.steps.sittings import is_back


def waiting(conversation: Conversation, now: Standing) -> dict[str, Any]:
    latest = now.turns[-1]
    return {
        "conversation": conversation,
        "explaining": now.step is TurnStep.EXPLAIN,
        "last_turn": now.turn is not None and now.turn.is_last,
        "status": latest.candidate_set.status,
    }


def go_on(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    """To where the conversation stands now; htmx follows and receives the fragment."""
    return redirect("conversation", conversation.public_id)


def is_asked_by_script(request: HttpRequest) -> bool:
    """Whether htmx asks, for a part of the page: not for a whole one, of the browser's history."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def to_page(request: HttpRequest, name: str, *args: str, query: str = "") -> HttpResponse:
    """To a whole page, also for htmx, which would put it inside this one."""
    address = reverse(name, args=args) + query
    if not is_asked_by_script(request):
        return redirect(address)
    return HttpResponse(headers={"HX-Redirect": address})


def put_in_place(request: ParticipantRequest, opened: Conversation) -> HttpResponse:
    """The conversation that was opened, in place of the page between two; its address too, so
    that reloading and going back do what they do on its own page."""
    participation = opened.participation
    request.participation = participation
    hold_as_hers(opened, participation)
    renew_lease(conversation=opened)
    now = standing(opened)
    if now.step is TurnStep.ENDED:
        return to_page(request, "conversation", opened.public_id)
    response = show(request, opened, now, template="partials/opened.html")
    response["HX-Push-Url"] = reverse("conversation", args=[opened.public_id])
    return response


def refuse(
    request: ParticipantRequest,
    conversation: Conversation,
    error: ValidationError,
    form: RankingForm | None = None,
) -> HttpResponse:
    """Says what could not be taken; what was typed stays on the page."""
    return show(
        request,
        conversation,
        standing(conversation),
        form=form,
        status=422,
        problems=[] if hasattr(error, "error_dict") else error.messages,
    )


def show(
    request: ParticipantRequest,
    conversation: Conversation,
    now: Standing,
    *,
    form: Any = None,
    status: int = 200,
    problems: list[str] | None = None,
    template: str = "partials/conversation.html",
) -> HttpResponse:
    """The page of a conversation, or (for htmx) only its changing part: `template`."""
    if conversation.status == Conversation.Status.HELPED:  # the answer to the first was lost
        return to_page(request, "conversation-help", conversation.public_id)
    if now.step is TurnStep.ENDED:
        return to_page(request, "here") if status == 200 else _say_ended(request)
    if not is_known(request.participation, "conversations"):
        read_conversations(request.participation)
    draft_key = _draft_key(conversation, now)
    # Of a conversation that was opened just now its turns are known, and there is no draft.
    draft = None if is_known(conversation, "turns") else get_own_draft(request, draft_key)
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
        "minutes_left": minutes_left(request.participation, ranked=sum(map(is_ranked, now.turns))),
        "is_back": is_back(request.participation),
        "return_url": return_url(request),
        "problems": problems or [],
        "other_language": wrote_in_other_language(conversation, now.turns),
        "form": form,
        "draft": draft,
        "draft_key": draft_key,
    }
    context |= _step_context(conversation, now, form, draft.fields if draft else {})
    template = template if is_asked_by_script(request) else "conversation.html"
    response = render(request, f"annotation/{template}", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _say_ended(request: HttpRequest) -> HttpResponse:
    """What was sent came after the end, from another tab or an old page: nothing is stored."""
    template = "partials/message.html" if is_asked_by_script(request) else "message.html"
    return render(request, f"annotation/{template}", {"text": HAS_ENDED}, status=409)


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
        shown = show_candidates(turn=now.turn)
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
            else explanation_form(conversation, initial=entered),
            **waiting(conversation, now),
        }
    if now.step is TurnStep.WAIT:
        ranked = [turn for turn in now.turns if is_ranked(turn)]
        stored = stored_order(ranked[-1]) if ranked else []
        return {"stored": stored, **waiting(conversation, now)}
    return {}


def explanation_form(
    conversation: Conversation, data: Any = None, *, initial: dict[str, str] | None = None
) -> ExplanationForm:
    participation = conversation.participation
    return ExplanationForm(
        data,
        question=participation.study.explanation_question,
        required=participation.wave.explanation_policy == ExplanationPolicy.REQUIRED,
        initial=initial,
    )
