"""Exports: asked for."""

from collections.abc import Mapping

from django.db import transaction

from accounts.models import Vendor
from annotation.models import Study
from exports.containers import Container
from exports.formats import FORMATS
from exports.models import ApiToken, Export, State


@transaction.atomic
def request_export(
    *,
    study: Study,
    vendor: Vendor | None,
    token: ApiToken | None,
    format: str,
    container: Container,
    options: Mapping[str, str],
) -> Export:
    """Asks for a file. The same request finds the one that waits or is being written.

    Raises ValidationError, in one sentence, for a study that does not fit the format.
    """
    FORMATS[format].check(study)
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    asked = {
        "study": study,
        "vendor": vendor,
        "token": token,
        "format": format,
        "container": container,
        "options": dict(options),
    }
    under_way = Export.objects.filter(**asked, state__in=[State.QUEUED, State.RUNNING])
    return under_way.order_by("pk").first() or Export.objects.create(**asked)
