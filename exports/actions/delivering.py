"""What staff do about messages to other servers."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User, Vendor
from annotation.actions.audit import record
from annotation.models import AuditEntry, Study
from exports.models import Delivery, Webhook
from exports.vendors.deliveries import check_webhook


@transaction.atomic
def create_webhook(
    *, vendor: Vendor, study: Study, url: str, events: Sequence[str], by: User | None = None
) -> Webhook:
    """A receiver of what happens from now on; a second call makes another one.

    Raises ValidationError, in one sentence, for an address that may not be called.
    """
    check_webhook(url=url, events=list(events))
    made = Webhook.objects.create(vendor=vendor, study=study, url=url, events=list(events))
    record(kind=AuditEntry.Kind.WEBHOOK_CREATED, what=_what(made), by=by, study=study)
    return made


@transaction.atomic
def disable_webhook(*, webhook: Webhook, by: User | None = None) -> None:
    """Nothing is sent to it any more; a second call keeps the first time."""
    if Webhook.objects.filter(pk=webhook.pk, disabled_at=None).update(disabled_at=timezone.now()):
        kind = AuditEntry.Kind.WEBHOOK_DISABLED
        record(kind=kind, what=_what(webhook), by=by, study=webhook.study)


def _what(webhook: Webhook) -> str:
    return f"webhook {webhook.public_id} of {webhook.vendor.key}"


@transaction.atomic
def send_again(*, deliveries: QuerySet[Delivery], by: User | None = None) -> int:
    """Makes these due at once, with all attempts before them again, under the same ids.

    For staff. Returns how many; a second call before they are sent changes nothing more.
    """
    chosen = list(deliveries.order_by("pk").values_list("pk", "message_id"))
    if chosen:
        what = f"{len(chosen)} messages: {', '.join(name for _pk, name in chosen)}"
        record(kind=AuditEntry.Kind.DELIVERY_REPEATED, what=what, by=by)
    return Delivery.objects.filter(pk__in=[pk for pk, _name in chosen]).update(
        due_at=timezone.now(), attempts=0, delivered_at=None, given_up_at=None, last_answer=""
    )
