"""A panel's list of people and statuses, compared with our outcomes of one link's people."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from annotation.models import Outcome, Participation, RecruitmentLink
from annotation.spreadsheets import neutral
from exports.vendors.people import hide_untold
from exports.vendors.telling import Told

UNFINISHED = "unfinished"
OUTCOMES = (*Outcome.values, UNFINISHED)
# What services call our outcomes, in lower-case letters; further words are told per run.
KNOWN_WORDS = {
    **{outcome.value: outcome.value for outcome in Outcome},
    UNFINISHED: UNFINISHED,
    "approved": Outcome.COMPLETE,
    "awaiting review": Outcome.COMPLETE,
    "completed": Outcome.COMPLETE,
    "screened out": Outcome.SCREENED_OUT,
    "quota full": Outcome.QUOTA_FULL,
    "rejected": Outcome.QUALITY,
    "returned": Outcome.WITHDRAWN,
    "active": UNFINISHED,
    "timed-out": UNFINISHED,
}


class Verdict(StrEnum):
    AGREE = "agree"
    DIFFERING = "differing"
    OURS_ONLY = "ours only"
    THEIRS_ONLY = "theirs only"


@dataclass(frozen=True)
class Compared:
    """One person: her id at the panel, what each side says of her (empty: nothing)."""

    external_id: str
    theirs: str
    ours: str

    @property
    def verdict(self) -> Verdict:
        if not self.theirs:
            return Verdict.OURS_ONLY
        if not self.ours:
            return Verdict.THEIRS_ONLY
        return Verdict.AGREE if self.theirs == self.ours else Verdict.DIFFERING


def read_statuses(file: TextIO, *, words: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our outcome by id, from a CSV with the columns `id` and `status`.

    Raises ValidationError, in one sentence, for a file that is not understood in full.
    """
    known = KNOWN_WORDS | {word.lower(): outcome for word, outcome in (words or {}).items()}
    wrong = set(known.values()) - set(OUTCOMES)
    if wrong:
        said = _("“%(word)s” is no outcome: use one of %(outcomes)s.")
        raise ValidationError(said % {"word": min(wrong), "outcomes": ", ".join(OUTCOMES)})
    try:
        return _read_rows(csv.DictReader(file, strict=True), known)
    except (csv.Error, UnicodeDecodeError) as fault:
        raise ValidationError(_("The file is no CSV in UTF-8: save it as that.")) from fault


def _read_rows(reader: "csv.DictReader[str]", known: Mapping[str, str]) -> dict[str, str]:
    names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    if not {"id", "status"} <= set(names):
        raise ValidationError(_("The file needs the columns id and status in its first line."))
    found: dict[str, str] = {}
    for row in reader:
        external_id = (row[names["id"]] or "").strip()
        word = (row[names["status"]] or "").strip()
        if not external_id:
            raise ValidationError(_("Line %(line)s has no id.") % {"line": reader.line_num})
        if word.lower() not in known:
            said = _("Line %(line)s: nobody said what “%(word)s” means; say it as WORD=OUTCOME.")
            raise ValidationError(said % {"line": reader.line_num, "word": word})
        if found.setdefault(external_id, known[word.lower()]) != known[word.lower()]:
            said = _("Line %(line)s: this id has two statuses.")
            raise ValidationError(said % {"line": reader.line_num})
    return found


def compare(
    *, link: RecruitmentLink, theirs: Mapping[str, str], told: Told | None = None
) -> list[Compared]:
    """Everybody whom either side knows, by id. Ours are the link's people who came with one.

    With `told`: as far as the vendor is told of who withdrew or was left out. Without: as it is.
    """
    people = Participation.objects.filter(
        link=link, annotator__externalidentity__vendor=link.vendor
    )
    people = people.select_related("annotator__externalidentity").prefetch_related("exclusions")
    ours = {}
    for person in people:
        if told:
            hide_untold(person, told)
        ours[person.annotator.externalidentity.external_id] = person.outcome or UNFINISHED
    return [
        Compared(person, theirs.get(person, ""), ours.get(person, ""))
        for person in sorted(theirs.keys() | ours.keys())
    ]


def write(rows: Iterable[Compared], file: TextIO) -> Iterator[Verdict]:
    """Writes a CSV for people and yields each verdict; a cell that a spreadsheet would compute
    begins with an apostrophe."""
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(("id", "verdict", "theirs", "ours"))
    for row in rows:
        cells = (row.external_id, row.verdict.value, row.theirs, row.ours)
        lines.writerow([neutral(cell) for cell in cells])
        yield row.verdict
