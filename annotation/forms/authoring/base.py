"""What every page of authoring does: show a part of a draft, and say what was changed."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django import forms

from annotation.authoring.blank import complete
from annotation.authoring.steps import BY_SLUG, Step
from annotation.forms.authoring.fields import Rows, said
from annotation.forms.authoring.grid import Grid, Row
from annotation.models import StudyDraft


@dataclass(frozen=True)
class Section:
    """A form, or rows of forms, under a heading."""

    title: Any
    form: forms.Form | None = None
    rows: Rows | None = None
    help: Any = ""

    def is_valid(self) -> bool:
        part = self.form or self.rows
        return part is None or part.is_valid()


class StepPage:
    """One step: its forms, its texts, and the part of the definition that they change."""

    slug = ""
    study: tuple[str, ...] = ()  # names of `study` that it changes
    parts: tuple[str, ...] = ()  # other parts that it changes whole

    def __init__(
        self, draft: StudyDraft, data: Any = None, files: Any = None, part: str = ""
    ) -> None:
        self.draft, self.data, self.files, self.part = draft, data, files, part
        self.definition = complete(deepcopy(draft.definition))
        self.step: Step = BY_SLUG[self.slug]
        self.grid = Grid(self.paths(), marks=draft.marks, source=draft.source_language, data=data)
        self.sections = self.build_part() if part else self.build()

    @property
    def about(self) -> dict[str, Any]:
        """The part `study`."""
        found: dict[str, Any] = self.definition["study"]
        return found

    def paths(self) -> tuple[str, ...]:
        """Beginnings of the paths of the texts it shows."""
        return self.step.paths

    def build(self) -> list[Section]:
        return []

    def build_part(self) -> list[Section]:
        """The forms on the page of one of its items; its texts stand there in any case."""
        return []

    def edit(self, definition: dict[str, Any]) -> None:
        """Puts what the forms say into a definition, in place."""

    def part_links(self) -> list[str]:
        """Pages of its texts, one for each of its items."""
        return []

    @property
    def rows(self) -> list[Row]:
        return self.grid.rows(self.definition)

    def is_valid(self) -> bool:
        """Looks at all of it, so that every fault is said at once."""
        looked_at = [section.is_valid() for section in self.sections]
        return all(looked_at)

    def changed(self) -> dict[str, Any]:
        """What `save_step` takes."""
        after = deepcopy(self.definition)
        if self.sections:
            self.edit(after)
        self.grid.write(after)
        values: dict[str, Any] = {name: after.get(name) for name in self.parts}
        if self.study:
            values["study"] = {name: after["study"].get(name) for name in self.study}
        return {
            "values": values,
            "stages": self.grid.stages(after),
            "confirmed": self.grid.confirmed(after),
        }

    def bind(self, form: type[forms.Form], initial: Mapping[str, Any], **more: Any) -> forms.Form:
        return form(self.data, self.files, initial=dict(initial), **more)


def put(part: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Names a part's values; what says nothing is taken out."""
    for name, value in said(values).items():
        if value is None:
            part.pop(name, None)
        else:
            part[name] = value
