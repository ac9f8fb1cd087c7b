"""Who may have a release, what people must have allowed for it, and under which licence."""

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from accounts.models import Purpose
from exports.models import Tier
from exports.scope import Times

# What a dataset can be put under: the SPDX identifier, its name and where its text stands.
LICENCES = {
    "CC-BY-4.0": (
        "Creative Commons Attribution 4.0 International",
        "https://creativecommons.org/licenses/by/4.0/",
    ),
    "CC-BY-SA-4.0": (
        "Creative Commons Attribution-ShareAlike 4.0 International",
        "https://creativecommons.org/licenses/by-sa/4.0/",
    ),
    "CC-BY-NC-4.0": (
        "Creative Commons Attribution-NonCommercial 4.0 International",
        "https://creativecommons.org/licenses/by-nc/4.0/",
    ),
    "CC0-1.0": (
        "Creative Commons Zero 1.0 Universal",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ),
    "ODC-By-1.0": (
        "Open Data Commons Attribution 1.0",
        "https://opendatacommons.org/licenses/by/1-0/",
    ),
}
OWN_LICENCE = re.compile(r"LicenseRef-[A-Za-z0-9.-]{1,80}")


@dataclass(frozen=True)
class Rule:
    """The rule of one tier, in words for the card."""

    purposes: tuple[Purpose, ...]
    free_text_purpose: Purpose
    times: Times
    licence: str
    words: str


CONSENT = (
    "It holds the choices of people who allowed their release, and their own words where they "
    "allowed that too."
)
RULES = {
    Tier.PUBLIC: Rule(
        purposes=(Purpose.RELEASE_CHOICES,),
        free_text_purpose=Purpose.RELEASE_FREE_TEXT,
        times=Times.DAY,
        licence="CC-BY-4.0",
        words=f"**Public.** Anybody may have this release. {CONSENT}",
    ),
    Tier.AGREEMENT: Rule(
        purposes=(Purpose.RELEASE_CHOICES,),
        free_text_purpose=Purpose.RELEASE_FREE_TEXT,
        times=Times.HOUR,
        licence="LicenseRef-Agreement",
        words=(
            "**By agreement.** Only whoever signed an agreement with the study may have this "
            f"release. {CONSENT} Answers about people are less coarse than in the public "
            "release. Nobody passes it on, nobody tries to find out who somebody is, and rows "
            "of people who withdraw later are deleted when the study says so."
        ),
    ),
}


def find_licence(name: str) -> str:
    """Raises ValidationError for one that is not known and names what is."""
    if name in LICENCES or OWN_LICENCE.fullmatch(name):
        return name
    raise ValidationError(
        f"There is no licence {name!r} for data: use one of {', '.join(LICENCES)}, "
        "or LicenseRef-… for one of your own."
    )


def licence_words(name: str) -> str:
    """What stands in the archive's LICENSE file, without what the study adds."""
    if name not in LICENCES:
        return (
            f"{name}\n\nThis data may be used only under the agreement that was signed with the "
            "study. Whoever has signed none may not use it."
        )
    title, address = LICENCES[name]
    return (
        f"SPDX-License-Identifier: {name}\n\nThis data is under {title}. "
        f"The licence's text: {address}"
    )
