"""How a process of a rehearsal's own begins. It is imported before Django is set up."""

import gc
import os

import django
from django.conf import settings

PLANNED_ANEW = 5  # times, before a statement is prepared: psycopg's own number


def begin() -> None:
    """What is there now stays until the end and is never looked through for garbage; rows,
    which soon are garbage, are looked through less often. Nobody waits for the disk: what a
    crash takes of a rehearsal is played again. PostgreSQL plans a statement once, not each time:
    few statements are asked by the hundred thousand, and this process keeps its connection."""
    os.environ["PGOPTIONS"] = f"{os.environ.get('PGOPTIONS', '')} -c synchronous_commit=off"
    django.setup()
    options = {"server_side_binding": True, "prepare_threshold": PLANNED_ANEW}
    settings.DATABASES["default"]["OPTIONS"].update(options)
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
