"""Prompts and budgets, which studies may share: what another one uses is never rewritten."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import User
from annotation.actions.plan import lock_prompts
from annotation.keys import joined
from annotation.models import Study
from candidates.actions.endpoints import store_budget
from candidates.actions.pools import changes_pool, copy_pool, store_pool
from candidates.models import Budget, PromptPool

Part = Mapping[str, Any]
NO_LIMIT = Decimal("Infinity")


def put_pool(definition: Part, *, study: str, fresh: bool) -> PromptPool:
    """The pool that says what the file says; a second call finds it.

    Where the file changes prompts that another study uses, this one goes on with a copy of its
    own, under a key made of the pool's and its own; topics and stages of such prompts stay as
    they are stored, for a draft may say older ones. Raises ValidationError, storing nothing,
    where it has opened: then neither may be.
    """
    if not fresh:
        return _put_open_pool(definition, study)
    for key in _copies_from(definition["key"], study):
        pool, changes = _look_at(definition, key, study)
        if not _used_elsewhere(pool, study):
            return store_pool({**definition, "key": key}, rewrite=True)
        if not changes:
            return pool
        copy = _copy_key(key, study)
        if not PromptPool.objects.filter(key=copy).exists():
            copy_pool(pool, key=copy)
    raise AssertionError("copies have no end")


def _put_open_pool(definition: Part, study: str) -> PromptPool:
    """Prompts may still be added to those of a study that runs, where they are its alone."""
    stored = Study.objects.select_related("pool").get(key=study).pool
    key = stored.key if stored.key in _chain(definition["key"], study) else definition["key"]
    pool, changes = _look_at(definition, key, study)
    retired = pool.prompts.in_use().filter(key__in=definition.get("retired", []))
    if named := ", ".join(sorted(retired.values_list("key", flat=True))):
        raise ValidationError(
            f"The study has opened, so a file takes no prompt out: use retire_prompt for {named}."
        )
    if not changes:
        return pool
    if _used_elsewhere(pool, study):
        raise ValidationError(
            f"Another study uses the prompts of {key} too, so the file of a study that has "
            "opened does not change them: use import_prompts."
        )
    return store_pool({**definition, "key": key})


def _look_at(definition: Part, key: str, study: str) -> tuple[PromptPool, bool]:
    """The pool of this key, locked, and whether the file would change it: nobody else stores
    it or opens on it meanwhile."""
    pool, _created = PromptPool.objects.select_for_update().get_or_create(key=key)
    lock_prompts(pool.pk)
    return pool, changes_pool(pool, definition, notes=not _used_elsewhere(pool, study))


def _used_elsewhere(pool: PromptPool, study: str) -> bool:
    """Whether another study has these prompts; its rehearsals are its own."""
    others = Study.objects.filter(pool=pool).exclude(key=study)
    return others.exclude(rehearsal_of__key=study).exists()


def _copies_from(key: str, study: str) -> Iterator[str]:
    """The keys to try: from the study's own copy on, where it has one of this pool."""
    stored = Study.objects.filter(key=study).values_list("pool__key", flat=True).first()
    chain = _chain(key, study)
    at = stored if stored in chain else key
    while True:
        yield at
        at = _copy_key(at, study)


def _chain(key: str, study: str, most: int = 20) -> list[str]:
    keys = [key]
    while len(keys) < most:
        keys.append(_copy_key(keys[-1], study))
    return keys


def _copy_key(key: str, study: str) -> str:
    return joined(key, "of", study)


def put_budget(definition: Part | None, *, study: str, by: User | None) -> Budget | None:
    """The budget of a study's file; without `by` somebody at the server stores it.

    A budget that another study spends too is not changed from here, and only an administrator
    raises one, takes it away, puts another in its place or lets two studies spend the same.
    Raises ValidationError.
    """
    now = Study.objects.select_related("budget").filter(key=study).first()
    spends = now.budget if now else None
    if by and not by.is_superuser:
        _refuse_raise(definition, spends)
    if definition is None:
        return None
    stored = Budget.objects.select_for_update().filter(key=definition["key"]).first()
    shared = Study.objects.filter(budget=stored).exclude(key=study) if stored else None
    if stored and shared is not None and shared.exists():
        if by and not by.is_superuser and stored != spends:
            raise ValidationError(
                f"The budget {stored.key} is another study's. Name another key; only an "
                "administrator lets two studies spend the same budget."
            )
        if _limits(definition) != (stored.limit, stored.daily_limit):
            raise ValidationError(
                f"Another study spends the budget {stored.key} too: change its limits in the "
                "dashboard, or name another budget."
            )
        return stored
    return store_budget(dict(definition))


def _refuse_raise(definition: Part | None, spends: Budget | None) -> None:
    """What a researcher's draft may not say: more money than there is for the study now."""
    key = definition["key"] if definition else ""
    if spends and spends.key != key:
        raise ValidationError(
            f"The study spends the budget {spends.key}. Only an administrator puts another in "
            "its place or takes it away."
        )
    stored = Budget.objects.filter(key=key).first()
    if definition is None or stored is None:
        return
    limit, daily = _limits(definition)
    if limit > stored.limit or _most(daily) > _most(stored.daily_limit):
        raise ValidationError(
            f"The budget {key} has a limit of {_said(stored)}. A draft may name as much or less; "
            "an administrator raises it in the dashboard."
        )


def _limits(definition: Part) -> tuple[Decimal, Decimal | None]:
    daily = definition.get("daily_limit")
    return Decimal(str(definition["limit"])), None if daily is None else Decimal(str(daily))


def _most(limit: Decimal | None) -> Decimal:
    return NO_LIMIT if limit is None else limit


def _said(budget: Budget) -> str:
    limit, daily = f"{budget.limit.normalize():f}", budget.daily_limit
    return limit if daily is None else f"{limit}, and {daily.normalize():f} a day"
