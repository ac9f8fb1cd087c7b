"""What every step of a definition can lack: the form that a study file has."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

Definition = Mapping[str, Any]


def in_words(find: Callable[[Definition], list[str]], definition: Definition) -> list[str]:
    """The faults of a step; a part that cannot even be read is one."""
    try:
        return find(definition)
    except (KeyError, TypeError, AttributeError, ValueError):
        return [_("A part of this step does not have the form that a study file has.")]


def nothing(_definition: Definition) -> list[str]:
    return []
