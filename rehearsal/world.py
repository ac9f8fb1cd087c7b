"""What all people of a rehearsal share, and how they put what they think into a form."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from annotation.review.signals import READING_SPEED
from rehearsal.browser import Form
from rehearsal.ledger import Ledger
from rehearsal.truth import Ranked, SimulatedPerson, Truth
from rehearsal.voices import pole_of


@dataclass(frozen=True)
class World:
    """What all people share: the site, the model behind them, and the study's own answers."""

    site: str
    join_path: str
    key: str
    truth: Truth
    locales: Mapping[tuple[str, str], str]  # key of the locale on the language page
    expected: Mapping[str, str]  # answers that attention questions ask for
    right_option: str
    messages: Mapping[str, Sequence[str]]  # what people open with, by language
    ledger: Ledger
    lapse: Callable[[str], None]

    def judge(
        self, person: SimulatedPerson, texts: list[str], occasion: object
    ) -> tuple[list[str], Ranked]:
        poles = [pole_of(text) for text in texts]
        return poles, self.truth.rank(person, poles, occasion)


def judged_fields(form: Form, handles: list[str], ranked: Ranked) -> dict[str, str]:
    """A ranking in the fields of the turn's mode."""
    order = sorted(range(len(handles)), key=lambda place: ranked.ranks[place])
    chosen, worst = handles[ranked.chosen], handles[order[-1]]
    tied = sum(rank == 1 for rank in ranked.ranks) > 1
    pick = {"continue_with": chosen} if tied else {}
    pairs = list(zip(handles, ranked.ranks, strict=True))
    if form.has(f"place_{handles[0]}"):
        return {f"place_{handle}": str(rank) for handle, rank in pairs} | pick
    if form.has(f"score_{handles[0]}"):
        return {f"score_{handle}": str(110 - 20 * rank) for handle, rank in pairs} | pick
    return {"best": chosen} | ({"worst": worst} if form.has("worst") else {})


def reading_seconds(texts: list[str], language: str) -> float:
    """How long a typical reader takes for these texts, by her reading speed alone."""
    signs = sum(len(re.sub(r"\s", "", text)) for text in texts)
    return signs / READING_SPEED[language]


def reply_to(text: str) -> str:
    """Her next message: the last sentence of the answer she liked, asked back."""
    sentence = re.split(r"(?<=[.!?।])\s+", " ".join(text.split()))[-1]
    return sentence.rstrip(".!?।") + "?"
