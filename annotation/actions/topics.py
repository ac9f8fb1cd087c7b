"""Topics of prompts: codes that people of the team give, and nothing else does."""

import re
from collections.abc import Collection, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from annotation.actions.audit import record
from annotation.models import AuditEntry, Study
from candidates.models import Prompt

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
MOST = 5  # topics of one prompt


def code_of(words: str) -> str:
    """A code as a person may write it: small letters, hyphens for blanks.

    Raises ValidationError where it is none even so.
    """
    code = re.sub(r"\s+", "-", words.strip().lower())
    if not CODE.fullmatch(code):
        raise ValidationError(
            _("A topic is a short code of letters a to z, digits and hyphens, such as money.")
        )
    return code


@transaction.atomic
def set_topics(
    *, study: Study, prompt: int, topics: Sequence[str], was: Sequence[str], by: User
) -> bool:
    """Gives a prompt of the study's pool exactly these topics; False: it has them already.

    was: the topics that she saw. Raises ValidationError where somebody changed them since, so
    that nobody's codes are overwritten unseen. Topics steer which prompts a person is given
    next (fresh ones first), in an open study too; they touch no judgement.
    """
    (found,) = _locked(study, [prompt])
    codes = list(dict.fromkeys(code_of(one) for one in topics))
    if found.topics == codes:
        return False
    if found.topics != list(was):
        raise ValidationError(
            _("Somebody changed the topics of %(prompt)s meanwhile. Look at them again.")
            % {"prompt": found.key}
        )
    _store(found, codes)
    what = f"prompt {found.key}: {', '.join(codes) or 'no topic'}"
    record(kind=AuditEntry.Kind.TOPICS_CHANGED, what=what, by=by, study=study)
    return True


@transaction.atomic
def add_topic(*, study: Study, prompts: Collection[int], topic: str, by: User) -> int:
    """Adds a topic to each of these prompts that lacks it, beside those it has; how many.

    A second call adds nothing. Raises ValidationError where a prompt has MOST already, and
    then nothing is added.
    """
    code, changed = code_of(topic), 0
    for prompt in _locked(study, prompts):
        if code not in prompt.topics:
            _store(prompt, [*prompt.topics, code])
            changed += 1
    if changed:
        what = f"{code}: added to {changed} prompts"
        record(kind=AuditEntry.Kind.TOPICS_CHANGED, what=what, by=by, study=study)
    return changed


@transaction.atomic
def rename_topic(*, study: Study, old: str, new: str, by: User) -> int:
    """Calls a topic otherwise in all prompts of the pool; two become one where both are there.

    How many prompts it touched; a second call touches none.
    """
    code = code_of(new)
    having = Prompt.objects.filter(pool=study.pool_id, topics__contains=[old])
    prompts = _locked(study, list(having.values_list("pk", flat=True)))
    if code == old:
        return 0
    for prompt in prompts:
        _store(prompt, list(dict.fromkeys(code if one == old else one for one in prompt.topics)))
    if prompts:
        what = f"{old} is now {code}: {len(prompts)} prompts"
        record(kind=AuditEntry.Kind.TOPICS_CHANGED, what=what, by=by, study=study)
    return len(prompts)


def _locked(study: Study, prompts: Collection[int]) -> list[Prompt]:
    found = list(
        Prompt.objects.select_for_update().filter(pool=study.pool_id, pk__in=prompts).order_by("pk")
    )
    if len(found) != len(set(prompts)):
        raise ValidationError(_("A prompt is not one of this study's. Look at the page again."))
    return found


def _store(prompt: Prompt, topics: list[str]) -> None:
    if len(topics) > MOST:
        raise ValidationError(
            _("%(prompt)s would have more than %(most)s topics. Take one away first.")
            % {"prompt": prompt.key, "most": MOST}
        )
    prompt.topics = topics
    prompt.save(update_fields=["topics"])
