"""How a process of a rehearsal's own begins. It is imported before Django is set up."""

import gc
import os

import django


def begin() -> None:
    """What is there now stays until the end and is never looked through for garbage; rows,
    which soon are garbage, are looked through less often. Nobody waits for the disk: what a
    crash takes of a rehearsal is played again."""
    os.environ["PGOPTIONS"] = f"{os.environ.get('PGOPTIONS', '')} -c synchronous_commit=off"
    django.setup()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
