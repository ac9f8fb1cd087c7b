"""The evidence of a note as named figures."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from annotation.models import Flag

# What each figure of the evidence is called. A figure that has no name here is not shown.
FIGURES = {
    "turns": _("turns judged"),
    "fast": _("of them in less than a third of the norm's time"),
    "own": _("characters a second, her median"),
    "norm": _("characters a second, the norm of the language"),
    "norm_source": _("where the norm comes from"),
    "norm_people": _("people in the norm"),
    "norm_rankings": _("rankings in the norm"),
    "same": _("of them with the choice in one and the same place"),
    "places": _("places on the page"),
    "tail": _("chance of so many in one given place, were all as likely"),
    "texts": _("texts compared"),
    "alike": _("of them nearly the same"),
    "pasted": _("of them pasted for at least a half"),
    "characters_pasted": _("characters pasted"),
    "characters_written": _("characters written"),
    "asked": _("attention questions answered"),
    "missed": _("of them with another option than the one asked for"),
    "tries": _("tries at the practice question"),
    "same_address": _("other people who came from the same address"),
    "fault": _("the check stopped with"),
}
SOURCES = {"study": _("other people of this study"), "readers": _("published reading speeds")}


def figures(flag: Flag) -> Iterator[tuple[object, object]]:
    """The evidence as named figures, in the order of the names."""
    for key, name in FIGURES.items():
        if key in flag.evidence:
            value = flag.evidence[key]
            if key == "norm_source":
                value = SOURCES.get(value, value)
            elif key == "tail":
                value = _("about 1 in %(n)s") % {"n": f"{1 / value:,.0f}"}
            yield name, value
