"""What workers run, one file a subject; Celery finds all of it here."""

from exports.tasks import deliveries, files, findings

__all__ = ["deliveries", "files", "findings"]
