"""The fields of a judgement, by the mode of its turn, and what the page measured."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.actions.judgement import OUT_OF_DATE
from annotation.judgement.rating import HIGHEST
from annotation.models import Mode, ShownCandidate
from annotation.models.conversation import Layout, Viewport

Shown = Sequence[ShownCandidate]
DAY = 86_400.0
STEP = 10
ONE_CANDIDATE = ("best", "worst", "continue_with")


def judgement_fields(mode: str, shown: Shown, *, partial: bool) -> dict[str, forms.Field]:
    """The fields a mode asks for. None is required here: what is missing, the action knows."""
    if mode == Mode.BEST:
        return {"best": _one_of(shown, _("The best answer"))}
    if mode == Mode.BEST_WORST:
        return {
            "best": _one_of(shown, _("The best answer")),
            "worst": _one_of(shown, _("The worst answer")),
        }
    fields = _score_fields(shown) if mode == Mode.RATING else _place_fields(shown, partial)
    label = _("If several share first place: which one continues the conversation?")
    if mode == Mode.RATING:
        label = _("If several are rated highest: which one continues the conversation?")
    return {**fields, "continue_with": _one_of(shown, label)}


def _place_fields(shown: Shown, partial: bool) -> dict[str, forms.Field]:
    places: list[Any] = [(str(place), str(place)) for place in range(1, len(shown) + 1)]
    if partial:
        places.append(("", _("No place")))
    return {
        f"place_{row.candidate.handle}": forms.ChoiceField(
            label=_("Place of answer %(letter)s") % {"letter": row.letter},
            choices=places,
            required=False,
            widget=forms.RadioSelect,
            error_messages={"invalid_choice": OUT_OF_DATE},
        )
        for row in shown
    }


def _score_fields(shown: Shown) -> dict[str, forms.Field]:
    unusable = dict.fromkeys(("invalid", "min_value", "max_value"), OUT_OF_DATE)
    return {
        f"score_{row.candidate.handle}": forms.IntegerField(
            label=_("Rating of answer %(letter)s") % {"letter": row.letter},
            min_value=0,
            max_value=HIGHEST,
            required=False,
            error_messages=unusable,
        )
        for row in shown
    }


def _one_of(shown: Shown, label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=[(row.candidate.handle, row.letter) for row in shown],
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": OUT_OF_DATE},
    )


def measurement_fields(shown: Shown) -> dict[str, forms.Field]:
    """Hidden inputs that a script fills; without it they stay empty."""
    names = ["layout", "viewport", *(f"seen_{row.candidate.handle}" for row in shown)]
    return {name: forms.Field(required=False, widget=forms.HiddenInput) for name in names}


def names_only(shown: Shown, data: Any) -> bool:
    """Whether what was sent places or rates no other candidate than these, and none twice."""
    mine = {f"{kind}_{row.candidate.handle}" for kind in ("place", "score") for row in shown}
    placed = [name for name in data if name.startswith(("place_", "score_"))]
    repeated = [name for name in (*placed, *ONE_CANDIDATE) if len(data.getlist(name)) > 1]
    return set(placed) <= mine and not repeated


def read_judgement(mode: str, data: Mapping[str, Any], shown: Shown) -> dict[str, Any]:
    """What the mode's fields say, as parts of a Judgement."""
    if mode in {Mode.BEST, Mode.BEST_WORST}:
        return {"best": data.get("best", ""), "worst": data.get("worst", "")}
    name, kind = ("score", "scores") if mode == Mode.RATING else ("place", "places")
    given = {row.candidate.handle: data.get(f"{name}_{row.candidate.handle}") for row in shown}
    numbers = {handle: int(value) for handle, value in given.items() if value not in {"", None}}
    return {kind: numbers, "continue_with": data.get("continue_with", "")}


def measured(data: Mapping[str, Any], shown: Shown) -> dict[str, Any]:
    """Seconds in view, layout and viewport; what makes no sense was not measured."""
    seconds = {
        row.candidate.handle: _seconds(data.get(f"seen_{row.candidate.handle}")) for row in shown
    }
    return {
        "seconds": {handle: value for handle, value in seconds.items() if value is not None},
        "layout": data["layout"] if data.get("layout") in Layout.values else "",
        "viewport": data["viewport"] if data.get("viewport") in Viewport.values else "",
    }


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return min(max(seconds, 0.0), DAY) if math.isfinite(seconds) else None


@dataclass(frozen=True)
class Step:
    """One button of a rating without a script."""

    value: int
    label: int
    checked: bool


@dataclass(frozen=True)
class AnswerControl:
    """A shown candidate, its hidden measurement, and the controls that its mode has."""

    row: ShownCandidate
    seen: forms.BoundField
    field: forms.BoundField | None = None
    steps: Sequence[Step] = ()
    best: Any = None
    worst: Any = None


def answer_controls(form: forms.Form, shown: Shown) -> list[AnswerControl]:
    controls = []
    for position, row in enumerate(shown):
        handle = row.candidate.handle
        name = next((n for n in (f"place_{handle}", f"score_{handle}") if n in form.fields), None)
        field = form[name] if name else None
        is_score = name == f"score_{handle}"
        controls.append(
            AnswerControl(
                row=row,
                seen=form[f"seen_{handle}"],
                field=field,
                steps=_steps(field.value()) if field and is_score else (),
                best=form["best"][position] if "best" in form.fields else None,
                worst=form["worst"][position] if "worst" in form.fields else None,
            )
        )
    return controls


def _steps(value: Any) -> list[Step]:
    """0 to 100 in eleven steps. A score between two is kept: the nearer one stands for it."""
    text = str(value)
    score = int(text) if text.isascii() and text.isdecimal() and int(text) <= HIGHEST else None
    nearest = None if score is None else (score + STEP // 2) // STEP * STEP
    return [
        Step(
            value=score if score is not None and step == nearest else step,
            label=step // STEP,
            checked=step == nearest,
        )
        for step in range(0, HIGHEST + 1, STEP)
    ]
