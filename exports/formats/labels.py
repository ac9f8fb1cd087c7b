"""Our codes as the labels of the Community Alignment release.

Stored answers are codes; a label is one rendering of them. PUBLISHED labels occur in
the released file or in its users' code; OWN labels stand
where no list was published, and are ours.
"""

from django.utils.text import slugify

PREFER_NOT_TO_SAY = "Prefer not to say"

LANGUAGE = {"en": "en", "fr": "fr", "it": "it", "pt-br": "pt", "hi": "hi"}
COUNTRY = {
    "US": "united states",
    "FR": "france",
    "IT": "italy",
    "BR": "brazil",
    "IN": "india",
}
GENDER = {"male": "male", "female": "female", "other": "other"}
AGE_BANDS = ((34, "18-34"), (45, "35-45"), (54, "46-54"))
OLDEST_BAND = "55+"
AGE_LABELS = (*(label for _oldest, label in AGE_BANDS), OLDEST_BAND)

EDUCATION = {
    "isced_0_1": "(At most) Complete Secondary",
    "isced_2": "(At most) Complete Secondary",
    "isced_3": "(At most) Complete Secondary",
    "some_post_secondary": "Some post-secondary",
    "isced_4_5": "Some post-secondary",
    "isced_6": "Post-secondary graduate",
    "isced_7_8_started": "Some or complete graduate degree",
    "isced_7": "Some or complete graduate degree",
    "isced_8": "Some or complete graduate degree",
    # The coarser levels of a release.
    "secondary": "(At most) Complete Secondary",
    "post_secondary": "Some post-secondary",
    "degree": "Post-secondary graduate",
    "other": "Other",
}

# The release has five places between left and right, our scale eleven.
POLITICS = {
    **dict.fromkeys(("0", "1"), "Very left-leaning"),
    **dict.fromkeys(("2", "3", "4"), "Somewhat left-leaning"),
    "5": "Middle-of-the-road, centrist",
    **dict.fromkeys(("6", "7", "8"), "Somewhat right-leaning"),
    **dict.fromkeys(("9", "10"), "Very right-leaning"),
    # The five places of a release.
    "very_left": "Very left-leaning",
    "somewhat_left": "Somewhat left-leaning",
    "centre": "Middle-of-the-road, centrist",
    "somewhat_right": "Somewhat right-leaning",
    "very_right": "Very right-leaning",
    "not_this_way": "I don't think of myself in this way",
}

PUBLISHED_ETHNICITY = {
    "US": {
        "white": "White",
        "black": "Black or African American",
        "hispanic": "Hispanic or Latino",
        "asian": "Asian",
        "other": "Other",
    },
    "FR": {"non_immigrant": "Non immigrant", "immigrant": "Immigrant"},
    "IT": {"italian": "Italian", "foreign": "Foreign national"},
    "BR": {"white": "White", "brown": "Brown/Mixed"},
    "IN": {"indo_aryan": "Indo-Aryan", "dravidian": "Dravidian"},
}
OWN_ETHNICITY = {
    "FR": {"other": "Other"},
    "IT": {"other": "Other"},
    "BR": {"black": "Black", "asian": "Asian", "indigenous": "Indigenous", "other": "Other"},
    "IN": {
        "austroasiatic": "Austroasiatic",
        "tibeto_burman": "Tibeto-Burman",
        "other": "Other",
    },
}

ETHNICITY = {
    country: published | OWN_ETHNICITY.get(country, {})
    for country, published in PUBLISHED_ETHNICITY.items()
}


def age_label(years: int | None) -> str:
    """The release's age group; empty where no age was given."""
    if years is None:
        return ""
    return next((label for limit, label in AGE_BANDS if years <= limit), OLDEST_BAND)


# What an imported file holds is a group, not an answer: it keeps a code of its own.
GROUPS: dict[str, dict[str, str]] = {
    "age": {"18-34": "18-34", "35-45": "35-45", "46-54": "46-54", "55+": "55-plus"},
    "education": {label: f"group-{slugify(label)}" for label in EDUCATION.values()},
    "politics": {label: f"group-{slugify(label)}" for label in POLITICS.values()},
}
AGE_GROUPS = {code: label for label, code in GROUPS["age"].items()}
EDUCATION |= {code: label for label, code in GROUPS["education"].items()}
POLITICS |= {code: label for label, code in GROUPS["politics"].items()}
