"""What beat runs for the act. Tasks may run twice, and leave their result in rows."""

from celery import shared_task

from annotation.actions import break_offs


@shared_task
def note_break_offs() -> None:
    """Notes who left in the middle a day ago and has not come back."""
    break_offs.note_break_offs()
