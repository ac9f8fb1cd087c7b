"""How a process of a rehearsal's own begins. It is imported before Django is set up."""

import gc

import django


def begin() -> None:
    """What is there now stays until the end and is never looked through for garbage; rows,
    which soon are garbage, are looked through less often."""
    django.setup()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
