"""Themes of explanations: a sample for two coders, their codes, and what these say."""

import csv
import io
import re
from dataclasses import dataclass

import numpy as np
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Consent, Purpose, User
from annotation.actions.audit import record
from annotation.dealing.seeds import derive_seed
from annotation.models import AuditEntry, Conversation, Explanation, Study
from annotation.spreadsheets import neutral
from insights.coding_models import ThemeCoding, ThemeItem, ThemeSheet
from insights.statistics.arrays import Bools, Ints
from insights.statistics.coding import Agreed, agreed

COLUMNS = ("item", "language", "explanation", "themes")
LARGEST_FILE = 5_000_000  # bytes
MOST_THEMES = 10  # of one explanation
LONGEST = 60


def explanations(study: Study, phase: str, *, released_only: bool = False) -> QuerySet[Explanation]:
    """What people wrote, of those who may be read: nobody who withdrew or was left out.

    Coding is work inside the team, which taking part allows; released_only: nobody either who
    does not allow the release of her words, for coders outside it.
    """
    conversations = Conversation.objects.released().filter(
        participation__study=study, participation__phase=phase
    )
    if released_only:
        allowed = Consent.objects.filter(
            annotator=OuterRef("participation__annotator"),
            document=study.consent_document_id,
            purpose=Purpose.RELEASE_FREE_TEXT,
            given=True,
            withdrawn_at=None,
        )
        conversations = conversations.filter(Exists(allowed))
    return Explanation.objects.exclude(text="").filter(turn__conversation__in=conversations)


@transaction.atomic
def draw_sheet(
    *,
    study: Study,
    phase: str,
    size: int,
    coders: tuple[str, str],
    language: str,
    released_only: bool,
    by: User,
) -> ThemeSheet:
    """Draws so many explanations at random, each as likely; a second call draws another sheet.

    Raises ValidationError where there are none, or the two coders are one.
    """
    Study.objects.select_for_update().get(pk=study.pk)
    if coders[0].strip().lower() == coders[1].strip().lower():
        raise ValidationError(_("Two different people code a sheet. Name both."))
    found = explanations(study, phase, released_only=released_only)
    if language:
        found = found.filter(turn__conversation__locale__language=language)
    keys = list(found.order_by("pk").values_list("pk", flat=True))
    if not keys:
        raise ValidationError(_("There is no explanation to be read yet."))
    number = 1 + ThemeSheet.objects.filter(study=study).count()
    seed = derive_seed(study.seed, "themes", number)
    sheet = ThemeSheet.objects.create(
        study=study, phase=phase, number=number, seed=seed, by=by, language=language,
        released_only=released_only, coders=[one.strip() for one in coders],
    )  # fmt: skip
    chosen = np.random.default_rng(seed).permutation(keys)[:size]
    ThemeItem.objects.bulk_create(ThemeItem(sheet=sheet, explanation_id=int(key)) for key in chosen)
    what = f"sheet {number}: {chosen.size} explanations drawn"
    record(kind=AuditEntry.Kind.THEMES_DRAWN, what=what, by=by, study=study)
    return sheet


def readable_items(sheet: ThemeSheet) -> QuerySet[ThemeItem]:
    """Items of people who may still be read; others are gone from the sheet."""
    allowed = explanations(sheet.study, sheet.phase, released_only=sheet.released_only)
    return sheet.items.filter(explanation__in=allowed)


def sheet_csv(sheet: ThemeSheet) -> str:
    """The sheet as one coder gets it: her column empty, nothing of the other's, in an order
    (by random name) that says nothing. Words are kept from being formulas."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    rows = readable_items(sheet).values_list(
        "name", "explanation__turn__conversation__locale__language", "explanation__text"
    )
    for name, language, text in rows.order_by("name").iterator():
        writer.writerow([name, language, neutral(text), ""])
    return out.getvalue()


@transaction.atomic
def store_codes(
    *, sheet: ThemeSheet, coder: int, file: bytes, replace: bool, by: User
) -> tuple[int, int]:
    """Stores what one coder wrote; how many explanations, and how many of them have a theme.

    Every item stands in the file once, and no other; one that was taken back since may be
    missing or not. A second file of the same coder is refused unless `replace`. All or
    nothing: raises ValidationError with the line.
    """
    locked = ThemeSheet.objects.select_for_update().get(pk=sheet.pk)
    before = ThemeCoding.objects.filter(item__sheet=locked, coder=coder)
    if before.exists() and not replace:
        raise ValidationError(
            _("The codes of %(coder)s are stored already. Tick the box to replace them.")
            % {"coder": locked.coders[coder]}
        )
    known = dict(locked.items.values_list("name", "pk"))
    still = set(readable_items(locked).values_list("name", flat=True))
    read = read_codes(file, known=set(known))
    lacking = sorted(still - set(read))
    if lacking:
        raise ValidationError(
            _("The file lacks %(number)s explanations, such as %(item)s. Send the whole sheet.")
            % {"number": len(lacking), "item": lacking[0]}
        )
    before.delete()
    # Of people who had their words erased no code stays either.
    ThemeCoding.objects.filter(item__sheet__study=locked.study, item__explanation__text="").delete()
    kept = {name: themes for name, themes in read.items() if name in still}
    ThemeCoding.objects.bulk_create(
        ThemeCoding(item_id=known[name], coder=coder, themes=themes)
        for name, themes in kept.items()
    )
    what = f"sheet {locked.number}, coder {coder + 1}: {len(kept)} explanations coded"
    record(kind=AuditEntry.Kind.THEMES_CODED, what=what, by=by, study=locked.study)
    return len(kept), sum(1 for themes in kept.values() if themes)


def read_codes(file: bytes, *, known: set[str]) -> dict[str, list[str]]:
    """Themes by item of a CSV as spreadsheets save it: with commas, semicolons or tabs.

    Several themes of an explanation are parted by `|`, `;` or `,`. Raises ValidationError.
    """
    if len(file) > LARGEST_FILE:
        raise ValidationError(_("The file is larger than 5 MB. Send the sheet alone."))
    try:
        text = file.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValidationError(_("The file is not UTF-8. Save it as “CSV UTF-8”.")) from None
    first = text.split("\n", 1)[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True
    )
    found: dict[str, list[str]] = {}
    try:
        if not {"item", "themes"} <= set(reader.fieldnames or ()):
            raise ValidationError(_("The file needs the columns “item” and “themes”."))
        for row in reader:
            name = (row["item"] or "").strip().lstrip("'")
            problem = _problem(name, known, found)
            if problem:
                raise ValidationError(
                    _("Line %(line)s: %(problem)s") % {"line": reader.line_num, "problem": problem}
                )
            found[name] = themes_of(row["themes"] or "", reader.line_num)
    except csv.Error as fault:
        raise ValidationError(
            _("Line %(line)s: this is no CSV.") % {"line": reader.line_num}
        ) from fault
    return found


def _problem(name: str, known: set[str], found: dict[str, list[str]]) -> str:
    if name in found:
        return _("%(item)s stands there twice.") % {"item": name}
    if name not in known:
        return _("%(item)s is no item of this sheet.") % {"item": name[:40] or "–"}
    return ""


def themes_of(cell: str, line: int) -> list[str]:
    """Themes in small letters, each once, in their order; an apostrophe before them falls."""
    parts = [re.sub(r"\s+", " ", one).strip().lower() for one in re.split(r"[|;,\n]", cell)]
    themes = list(dict.fromkeys(one.lstrip("'") for one in parts if one.strip("' ")))
    if len(themes) > MOST_THEMES or any(len(one) > LONGEST for one in themes):
        raise ValidationError(
            _("Line %(line)s: at most %(most)s themes of up to %(longest)s letters.")
            % {"line": line, "most": MOST_THEMES, "longest": LONGEST}
        )
    return themes


@dataclass(frozen=True)
class Themes:
    """Themes of a sheet that both coded, by name, and what they say of explanations."""

    names: list[str]
    both: Ints  # (t,) explanations in which both see it
    either: Ints  # (t,) in which one of them does
    found: Agreed
    explanations: int
    people: int


def themes_found(
    sheet: ThemeSheet, *, language: str = "", names: list[str] | None = None
) -> Themes | None:
    """None until both coders' codes are there, of explanations that may still be read: in all
    languages or one, and of all themes that were named or of these."""
    items_read = readable_items(sheet)
    if language:
        items_read = items_read.filter(explanation__turn__conversation__locale__language=language)
    rows = ThemeCoding.objects.filter(item__in=items_read).values_list(
        "item", "coder", "themes", "item__explanation__turn__conversation__participation"
    )
    codes: dict[int, dict[int, list[str]]] = {}
    whose: dict[int, int] = {}
    for item, coder, themes, person in rows:
        codes.setdefault(item, {})[coder] = themes
        whose[item] = person
    items = [item for item in sorted(codes) if len(codes[item]) == 2]
    if names is None:
        names = sorted({one for item in items for themes in codes[item].values() for one in themes})
    if not names or not items:
        return None
    one, other = (_marks([codes[item][coder] for item in items], names) for coder in (0, 1))
    people = np.unique([whose[item] for item in items], return_inverse=True)[1].astype(np.int64)
    return Themes(
        names=names,
        both=(one & other).sum(axis=0),
        either=(one ^ other).sum(axis=0),
        found=agreed(one, other, people),
        explanations=len(items),
        people=int(people.max()) + 1,
    )


def _marks(codes: list[list[str]], names: list[str]) -> Bools:
    return np.array([[name in themes for name in names] for themes in codes], dtype=np.bool_)
