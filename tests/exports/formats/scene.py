"""A small study in which everything happened that a format must tell."""

import os
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Vendor
from annotation.actions.definition import apply_study
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.actions.withdrawal import withdraw
from annotation.models import Conversation, Phase, RecruitmentLink, Study, Turn
from candidates.generation import complete_candidate_set
from candidates.models import CandidateSet
from tests.definitions import small_definition
from tests.provider import Provider
from tests.walker import Walker


@dataclass
class Scene:
    """The study, its first vendor's link, people by name, and turns worth asking about."""

    study: Study
    link: RecruitmentLink
    provider: Provider
    people: dict[str, Walker] = field(default_factory=dict)
    turns: dict[str, Turn] = field(default_factory=dict)

    def person(self, name: str, *, vendor: str = "vendor-a") -> Walker:
        link = self.link
        if vendor != link.vendor.key:
            other = Vendor.objects.create(key=vendor, name=vendor)
            link = create_recruitment_link(study=self.study, vendor=other, phase=Phase.MAIN)
        self.people[name] = Walker(link)
        self.people[name].enter()
        return self.people[name]

    def asks(self, *modes: str, partial: bool = False) -> None:
        """What turns that begin from now on ask."""
        Study.objects.filter(pk=self.study.pk).update(modes=modes, partial_allowed=partial)


def make_scene() -> Scene:
    """Finished, skipped and unfinished conversations, ties, partial rankings, every mode,
    re-tests, own prompts, refused attempts, a second vendor, somebody who withdrew."""
    provider = Provider(os.environ["OPENAI_BASE_URL"].removesuffix("/v1"))
    provider.behave()
    definition = small_definition(retests=1, own_conversations=1, key="what-leaves")
    locales = definition["study"]["locales"]
    definition["study"]["locales"] = [
        item | {"target": 12} for item in locales if item["country"] == "FR"
    ]
    study = apply_study(definition)
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    open_study(study=study)
    vendor, _made = Vendor.objects.get_or_create(key="vendor-a", defaults={"name": "Vendor A"})
    link = create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN)
    scene = Scene(study, link, provider)
    _play(scene)
    scene.study = Study.objects.get(pk=study.pk)
    return scene


def _play(scene: Scene) -> None:
    scene.person("whole").finish()
    _tied(scene)
    scene.asks("ranking", partial=True)
    _partial(scene)
    for mode in ("rating", "best", "best_worst"):
        scene.asks(mode)
        walker = scene.person(mode)
        conversation = walker.open_kind("pool")
        turn = walker.current_turn(conversation)
        ends = [1, 1, 2, 3] if mode == "rating" else None
        walker.rank(turn, ends, acceptable="no", **_continuing(turn))
        scene.turns[mode] = turn
    scene.asks("ranking")
    _refused(scene)
    gone = scene.person("gone")
    gone.finish()
    withdraw(participation=gone.participation)
    scene.person("theirs", vendor="vendor-b").finish()


def _tied(scene: Scene) -> None:
    """First place shared, the second one picked; left after that turn, and the next at once."""
    walker = scene.person("tied")
    conversation = walker.open_kind("pool")
    turn = walker.current_turn(conversation)
    walker.page(conversation)
    second = turn.shown.select_related("candidate")[1].candidate
    walker.rank(turn, [1, 1, 3, 4], continue_with=second.handle)
    walker.explain(turn, "")
    scene.turns["tied"] = turn
    walker.post("conversation-skip", {"reason": "=too personal"}, conversation.public_id)
    at_once = walker.open_kind("pool")
    walker.post("conversation-skip", {"reason": "not mine"}, at_once.public_id)


def _partial(scene: Scene) -> None:
    """Two of four ranked."""
    walker = scene.person("partial")
    conversation = walker.open_kind("pool")
    turn = walker.current_turn(conversation)
    walker.page(conversation)
    data = walker.ranking_data(turn, [1, 2, 3, 4])
    for row in turn.shown.select_related("candidate")[2:]:
        del data[f"place_{row.candidate.handle}"]
    walker.post("ranking-submit", data, conversation.public_id, turn.position)
    scene.turns["partial"] = turn


def _continuing(turn: Turn) -> dict[str, Any]:
    """Her pick, where the first two share first place."""
    shown = turn.shown.select_related("candidate")
    return {"continue_with": shown[0].candidate.handle} if turn.mode == "rating" else {}


def _refused(scene: Scene) -> None:
    """An own conversation whose first attempt at an answer is refused."""
    walker = scene.person("refused")
    conversation = walker.open_kind("own")
    walker.post("own-prompt-write", {"message": "Pourquoi \"moi\" ?\n\n=1+1"},
                conversation.public_id)  # fmt: skip
    turn = walker.current_turn(conversation)
    scene.provider.misbehave("special_tokens", times=2)
    while CandidateSet.objects.get(pk=turn.candidate_set_id).status == "pending":
        complete_candidate_set(turn.candidate_set_id)
        CandidateSet.objects.filter(pk=turn.candidate_set_id).update(leased_until="2000-01-01T00Z")
    walker.rank(turn)
    scene.turns["refused"] = turn


def conversation_of(turn: Turn) -> Conversation:
    return Conversation.objects.get(pk=turn.conversation_id)
