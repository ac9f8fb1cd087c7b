"""Right of entry: what a session may fetch. Not hers is not found."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from annotation.middleware import ParticipationRequest
from annotation.models import Conversation, Draft, Flag, HelpThread, Participation, Turn
from annotation.queries.prepared import prepared
from annotation.queries.remembered import read_conversations
from annotation.steps.participation import Step, next_step

HELP_THREAD_KEY = "help_thread"
Rest = ParamSpec("Rest")
Row = TypeVar("Row", bound=Model)


class ParticipantRequest(HttpRequest):
    """A request of somebody who takes part."""

    participation: Participation


def participant_required(
    view: Callable[Concatenate[ParticipantRequest, Rest], HttpResponse],
) -> Callable[Concatenate[Any, Rest], HttpResponse]:
    """Lets a session with a participation in; others are told to use their link."""

    @wraps(view)
    def guarded(
        request: ParticipationRequest, *args: Rest.args, **kwargs: Rest.kwargs
    ) -> HttpResponse:
        if request.participation is None:
            return _ask_for_link(request)
        return view(cast(ParticipantRequest, request), *args, **kwargs)

    return cast(Callable[Concatenate[Any, Rest], HttpResponse], guarded)


def _ask_for_link(request: HttpRequest) -> HttpResponse:
    """401 to scripts, which then keep what was entered; a whole page to people."""
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"error": "no session"}, status=401)
    if request.headers.get("HX-Request"):  # a whole page must not land inside this one
        return HttpResponse(status=401, headers={"HX-Redirect": reverse("no-session")})
    return redirect("no-session")


def return_url(request: ParticipantRequest) -> str:
    """Her personal link, whole, as it stands on a page."""
    return request.build_absolute_uri(
        reverse("come-back", args=[request.participation.return_token])
    )


def at_step(
    step: Step,
) -> Callable[
    [Callable[[ParticipantRequest], HttpResponse]], Callable[[ParticipantRequest], HttpResponse]
]:
    """Sends people who are elsewhere in the study to where they are."""

    def decorate(
        view: Callable[[ParticipantRequest], HttpResponse],
    ) -> Callable[[ParticipantRequest], HttpResponse]:
        @wraps(view)
        def guarded(request: ParticipantRequest) -> HttpResponse:
            if step is Step.CONVERSATIONS:
                read_conversations(request.participation)
            if next_step(request.participation) is not step:
                return redirect("here")
            return view(request)

        return participant_required(guarded)

    return decorate


def get_own_conversation(request: ParticipantRequest, public_id: str) -> Conversation:
    found = first_or_404(_conversation_of(person=request.participation.pk, public_id=public_id))
    hold_as_hers(found, request.participation)
    return found


def get_own_turn(request: ParticipantRequest, public_id: str, position: int) -> Turn:
    person = request.participation.pk
    found = first_or_404(_turn_of(person=person, conversation=public_id, position=position))
    hold_as_hers(found.conversation, request.participation)
    return found


@prepared
def _conversation_of(*, person: int, public_id: str) -> QuerySet[Conversation]:
    hers = Conversation.objects.filter(participation=person, public_id=public_id)
    return hers.select_related("grant__slot")


@prepared
def _turn_of(*, person: int, conversation: str, position: int) -> QuerySet[Turn]:
    hers = Turn.objects.filter(conversation__participation=person)
    found = hers.filter(conversation__public_id=conversation, position=position)
    return found.select_related("ranking", "conversation")


def first_or_404(rows: QuerySet[Row, Any]) -> Row:
    found: Row | None = next(iter(rows), None)
    if found is None:
        raise Http404
    return found


def hold_as_hers(conversation: Conversation, participation: Participation) -> None:
    """What the middleware has read of her is not read again."""
    conversation.participation = participation
    if conversation.locale_id == participation.locale_id and participation.locale:
        conversation.locale = participation.locale


def get_own_flag(request: ParticipantRequest, kind: str) -> Flag:
    """A note on her own work, by its kind: she has one of each at most."""
    return get_object_or_404(request.participation.flags.raised(), kind=kind)


def get_own_draft(request: ParticipantRequest, key: str) -> Draft | None:
    """What she entered earlier, here or elsewhere, into the form that is sent to this path."""
    return request.participation.drafts.filter(key=key).first()


def find_own_thread(request: HttpRequest) -> HelpThread | None:
    """Her thread with the help desk: of her participation, else the one this browser began.

    A thread of another person is never found, even where she used this browser before.
    """
    participation: Participation | None = getattr(request, "participation", None)
    if participation:
        hers = HelpThread.objects.filter(participation=participation).first()
        if hers:
            return hers
    return find_begun_thread(request, study_id=participation.study_id if participation else None)


def find_begun_thread(request: HttpRequest, *, study_id: int | None = None) -> HelpThread | None:
    """The thread that somebody who has not joined began in this browser (about this study)."""
    begun = request.session.get(HELP_THREAD_KEY)
    if begun is None:
        return None
    found = HelpThread.objects.filter(pk=begun, participation=None)
    if study_id:
        found = found.filter(study=study_id)
    return found.first()
