"""Mail leaves from a worker: a page that sent it itself would take longer for a known address."""

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from accounts.mailing import mail_new_password

logger = logging.getLogger(__name__)


@shared_task
def send_new_password(user_id: int, language: str) -> None:
    """The broker carries no key: it is made here."""
    mail_new_password(user_id=user_id, language=language)


def enqueue_new_password(user_id: int, language: str) -> None:
    """Asks a worker. Without a broker nothing is sent, and the log says so."""
    try:
        send_new_password.apply_async((user_id, language), retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("a mail was not sent: %s", type(error).__name__)
