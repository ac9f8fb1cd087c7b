"""Findings as a reviewer reads them: the place, and a little of the text around it.

Whose text it is does not show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from annotation.models import Study
from exports.models import Finding
from exports.privacy.personal_data import What
from exports.privacy.texts import findings_of, read_texts

AROUND = 60  # characters on each side
STATES = {
    "undecided": _("to decide"),
    "mask": _("masked"),
    "keep": _("left as they are"),
}
KINDS: dict[str, Any] = {
    What.EMAIL: _("e-mail address"),
    What.LINK: _("web address"),
    What.IBAN: _("bank account"),
    What.IDENTITY: _("identity number"),
    What.CARD: _("payment card"),
    What.TELEPHONE: _("telephone number"),
    What.HANDLE: _("user name"),
    What.ADDRESS: _("postal address"),
    What.NAME: _("name"),
}


@dataclass(frozen=True)
class Passage:
    """`before` and `after` are cut to AROUND characters, with an ellipsis where cut."""

    finding: Finding
    kind: object
    language: str
    before: str
    found: str
    after: str


def list_findings(study: Study, state: str) -> QuerySet[Finding]:
    """Of one state, in the order of the texts."""
    verdict = "" if state == "undecided" else state
    return (
        findings_of(study)
        .filter(verdict=verdict)
        .select_related("decided_by")
        .order_by("turn", "part", "start", "pk")
    )


def passages(findings: Sequence[Finding]) -> Iterator[Passage]:
    """Empty words where the text has changed since: the next check takes the finding away."""
    texts = {one.turn_id: one for one in read_texts(sorted({f.turn_id for f in findings}))}
    languages: dict[str, Any] = dict(settings.LANGUAGES)
    for finding in findings:
        own = texts[finding.turn_id]
        text, end = own.texts[finding.part], finding.start + finding.length
        yield Passage(
            finding=finding,
            kind=KINDS.get(finding.kind, finding.kind),
            language=languages[own.language],
            before=_cut(text[: finding.start], at_end=False),
            found=text[finding.start : end],
            after=_cut(text[end:], at_end=True),
        )


def _cut(text: str, *, at_end: bool) -> str:
    if len(text) <= AROUND:
        return text
    return text[:AROUND] + "…" if at_end else "…" + text[-AROUND:]
