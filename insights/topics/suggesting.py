"""Which topics a pool's prompts might have: asked for by a person, made by a worker."""

import logging
from collections import Counter

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from annotation.dealing.seeds import derive_seed
from annotation.models import Study
from candidates.models import PromptText
from insights import tasks
from insights.coding_models import TopicSuggestion
from insights.statistics import topics

logger = logging.getLogger(__name__)


@transaction.atomic
def request_suggestion(*, study: Study, clusters: int | None, by: User) -> TopicSuggestion:
    """Asks a worker for topics; a second call while one is waited for asks again for that one."""
    waiting = TopicSuggestion.objects.filter(
        study=study, state=TopicSuggestion.State.WAITING, clusters=clusters
    ).first()
    number = TopicSuggestion.objects.filter(study=study).count()
    found = waiting or TopicSuggestion.objects.create(
        study=study, clusters=clusters, by=by, seed=derive_seed(study.seed, "topics", number)
    )
    transaction.on_commit(lambda: tasks.enqueue_suggestion(found.pk))
    return found


@transaction.atomic
def put_aside(*, suggestion: TopicSuggestion, cluster: int) -> None:
    """A person wants no topic of this cluster; a second call changes nothing."""
    locked = TopicSuggestion.objects.select_for_update().get(pk=suggestion.pk)
    if not 0 <= cluster < len(locked.result.get("clusters", ())):
        raise ValidationError(_("There is no such suggestion. Look at the page again."))
    locked.put_aside = sorted({*locked.put_aside, cluster})
    locked.save(update_fields=["put_aside"])


def make_suggestion(suggestion_id: int) -> None:
    """Compares the prompts and stores what was found. A second call makes the same anew."""
    row = TopicSuggestion.objects.select_related("study").get(pk=suggestion_id)
    language, texts = source_texts(row.study)
    values: dict[str, object] = {"language": language, "state": TopicSuggestion.State.READY}
    try:
        found = topics.suggest(list(texts.values()), clusters=row.clusters, seed=row.seed % 2**32)
        values["result"] = _as_data(list(texts), found)
    except ValueError as error:
        values |= {"state": TopicSuggestion.State.FAILED, "sentence": str(error)[:300]}
    TopicSuggestion.objects.filter(pk=row.pk).update(**values)


def source_texts(study: Study) -> tuple[str, dict[int, str]]:
    """The language that most prompts were first written in, and the newest text of each prompt
    in use in it, by the prompt's key in the database."""
    rows = PromptText.objects.filter(prompt__pool=study.pool_id, prompt__retired_at=None)
    first = Counter(rows.filter(translated_from=None).values_list("language", flat=True))
    # Where nobody said what was translated, a study's first locale is as good as any.
    order = list(study.locales.order_by("pk").values_list("language", flat=True))
    languages = sorted(first, key=lambda code: (-first[code], [*order, code].index(code)))
    if not languages:
        return "", {}
    newest = rows.filter(language=languages[0]).order_by("prompt", "version")
    return languages[0], dict(newest.values_list("prompt", "text"))


def _as_data(prompts: list[int], found: topics.Suggestion) -> dict[str, object]:
    clusters: list[dict[str, list[str] | list[int]]] = []
    for cluster, words in enumerate(found.words):
        own = [place for place, one in enumerate(found.clusters) if one == cluster]
        own.sort(key=lambda place: -found.silhouette[place])
        clusters.append({"words": list(words), "prompts": [prompts[place] for place in own]})
    clusters.sort(key=lambda one: -len(one["prompts"]))
    return {"clusters": clusters, "apart": round(found.apart, 4)}
