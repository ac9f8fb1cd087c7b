"""What staff do about messages to other servers."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Vendor
from annotation.models import Study
from exports.models import Delivery, Webhook
from exports.vendors.deliveries import check_webhook


def create_webhook(*, vendor: Vendor, study: Study, url: str, events: Sequence[str]) -> Webhook:
    """A receiver of what happens from now on; a second call makes another one.

    Raises ValidationError, in one sentence, for an address that may not be called.
    """
    check_webhook(url=url, events=list(events))
    return Webhook.objects.create(vendor=vendor, study=study, url=url, events=list(events))


def disable_webhook(*, webhook: Webhook) -> None:
    """Nothing is sent to it any more; a second call keeps the first time."""
    Webhook.objects.filter(pk=webhook.pk, disabled_at=None).update(disabled_at=timezone.now())


def send_again(*, deliveries: QuerySet[Delivery]) -> int:
    """Makes these due at once, with all attempts before them again, under the same ids.

    For staff. Returns how many; a second call before they are sent changes nothing more.
    """
    return deliveries.update(
        due_at=timezone.now(), attempts=0, delivered_at=None, given_up_at=None, last_answer=""
    )
