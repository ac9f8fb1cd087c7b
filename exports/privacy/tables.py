"""What a report says in words and figures, for the page and for the terminal."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exports.privacy.coarse import STEPS
from exports.privacy.report import Measure, Report

# Questions of the demonstration study; others are called by their code.
QUESTIONS: dict[str, str | Promise] = {
    "age": gettext_lazy("age"),
    "gender": gettext_lazy("gender"),
    "education": gettext_lazy("education"),
    "politics": gettext_lazy("politics"),
    "ethnicity": gettext_lazy("ethnicity"),
}


def question_words(code: str) -> str:
    return str(QUESTIONS.get(code, code))


def step_words(name: str) -> str:
    """Of a step as reports name it."""
    key, _colon, code = name.partition(":")
    words = str(next(step.words for step in STEPS if step.key == key))
    return f"{words} ({code})" if code else words


def percent(share: float) -> str:
    """Whole per cents; below one and above 99 to a tenth, so that few do not read as none."""
    value = 100 * share
    return f"{value:.1f} %" if 0 < value < 1 or 99 < value < 100 else f"{value:.0f} %"


def comparison(report: Report) -> list[tuple[str, str, str]]:
    """Rows of name, before, after."""

    def row(name: str, figure: str) -> tuple[str, str, str]:
        return name, _figure(report.before, figure), _figure(report.after, figure)

    rows = [
        row(_("Smallest group (k)"), "k"),
        row(_("People who are alone in their group"), "unique"),
        row(_("People in groups below %(k)s") % {"k": report.k}, "below_k"),
        row(_("Groups"), "groups"),
    ]
    for code in report.sensitive:
        names = {"question": question_words(code)}
        rows += [
            row(_("Fewest answers of a group (l): %(question)s") % names, f"l:{code}"),
            row(_("The same by entropy: %(question)s") % names, f"entropy_l:{code}"),
            row(_("Farthest group from everybody (t): %(question)s") % names, f"t:{code}"),
        ]
    return rows


def _figure(measure: Measure, figure: str) -> str:
    name, _colon, code = figure.partition(":")
    value = getattr(measure, name)
    if code:
        value = value.get(code, 0)
        return str(value) if name == "l" else f"{value:.2f}"
    return percent(value) if name == "unique" else str(value)


def as_text(report: Report) -> str:
    """For a terminal: the same figures, without the cells."""
    lines = [
        f"{report.tier}: k {report.k}, l {report.l}, {report.after.people} people",
        f"known by: {', '.join(report.quasi) or 'nothing'}",
        f"kept in: {', '.join(report.kept_in) or 'nothing'}",
        f"made coarser: {'; '.join(map(step_words, report.steps)) or 'nothing'}",
        "",
        *(f"{name}: {before} -> {after}" for name, before, after in comparison(report)),
        "",
        f"all answers cut out: {report.suppressed} people; some of them: {report.partly}",
        f"left out, since too few live alike: {report.left_out} people",
        f"without a finished conversation, no answers leave: {report.others} people",
        "",
        *(
            f"{loss.code}: {loss.answered} answered, {loss.kept} exact, {loss.coarser} coarser, "
            f"{loss.gone} gone"
            for loss in report.losses
        ),
        "",
        *(
            f"{place.place}: {place.people} people, k {place.k_before} -> {place.k_after}, "
            f"{place.suppressed} without answers, {place.left_out} left out"
            for place in report.places
        ),
    ]
    said = [words for words in (report.omission, report.shortfall) if words]
    return "\n".join([*lines, "", *said] if said else lines)
