"""People's texts are checked for personal data; what is found waits for a person."""

import hashlib
from collections.abc import Collection
from itertools import count

from django.db import transaction

from annotation.models import Turn
from exports.models import Finding, Screening
from exports.privacy import personal_data
from exports.privacy.texts import OwnTexts, read_texts, turns_to_screen

BATCH = 200  # turns in one transaction


def screen_waiting(*, batches: int | None = None) -> None:
    """Checks whatever texts wait for it, batch by batch; another call goes on where it ended."""
    forget_findings()
    last = 0
    for _batch in count() if batches is None else range(batches):
        turn_ids = turns_to_screen(after=last, limit=BATCH)
        if not turn_ids:
            return
        screen_turns(turn_ids=turn_ids)
        last = turn_ids[-1]


@transaction.atomic
def screen_turns(*, turn_ids: Collection[int]) -> int:
    """Checks the texts of these turns and returns how many it checked.

    A finding in a text that has changed or was erased since goes, and so does an undecided one
    that the rules no longer make. A repeat stores nothing anew and touches no decision. A turn
    that somebody else holds is left for the next time.
    """
    mine = Turn.objects.filter(pk__in=turn_ids).order_by("pk")
    held = [
        turn.pk
        for turn in mine.select_for_update(of=("self",), skip_locked=True, no_key=True).only("pk")
    ]
    screened = read_texts(held)
    stored = list(Finding.objects.filter(turn__in=held))
    found = [finding for texts in screened for finding in _search(texts)]
    known = {_place(finding) for finding in found}
    hashes = {(texts.turn_id, part): _hash(text) for texts in screened for part, text in
              texts.texts.items()}  # fmt: skip
    stale = [
        finding.pk
        for finding in stored
        if finding.text_sha256 != hashes.get((finding.turn_id, finding.part))
        or not (finding.verdict or _place(finding) in known)
    ]
    Finding.objects.filter(pk__in=stale).delete()
    Finding.objects.bulk_create(found, ignore_conflicts=True)
    Screening.objects.bulk_create(
        [
            Screening(turn_id=texts.turn_id, texts_sha256=texts.sha256, rules=personal_data.VERSION)
            for texts in screened
        ],
        update_conflicts=True,
        unique_fields=["turn"],
        update_fields=["texts_sha256", "rules", "screened_at"],
    )
    return len(screened)


def _search(texts: OwnTexts) -> list[Finding]:
    return [
        Finding(
            turn_id=texts.turn_id,
            part=part,
            kind=kind.value,
            start=start,
            length=length,
            text_sha256=_hash(text),
        )
        for part, text in texts.texts.items()
        if text
        for kind, start, length in personal_data.find(text, texts.country, texts.language)
    ]


def _place(finding: Finding) -> tuple[object, ...]:
    return (
        finding.turn_id,
        finding.part,
        finding.kind,
        finding.start,
        finding.length,
        finding.text_sha256,
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def forget_findings() -> int:
    """Deletes findings and marks of people who withdrew, and returns how many findings went.

    Nothing of theirs leaves, so that nobody needs to know what stood in their texts. A repeat
    finds nothing more.
    """
    gone = {"turn__conversation__participation__withdrawn_at__isnull": False}
    Screening.objects.filter(**gone).delete()
    number, _by_model = Finding.objects.filter(**gone).delete()
    return number
