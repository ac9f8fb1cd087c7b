"""Dataset formats, one file each; FORMATS finds them by name, in the order of the documentation."""

from exports.format import Format
from exports.formats import (
    annotators,
    candidates,
    community_alignment,
    comparisons,
    conversations,
    dispositions,
    preference_pairs,
    prism,
    rankings,
    sheets,
)

FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        community_alignment.FORMAT,
        community_alignment.FORMAT_WITHOUT_WAVE,
        comparisons.FORMAT,
        sheets.FORMAT,
        rankings.FORMAT,
        preference_pairs.FORMAT,
        preference_pairs.FORMAT_CHOSEN,
        conversations.FORMAT,
        candidates.FORMAT,
        annotators.FORMAT,
        dispositions.FORMAT,
        prism.FORMAT,
    )
}
