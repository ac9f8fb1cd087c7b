"""Study definitions for tests: the demo's own, cut down."""

from copy import deepcopy
from functools import cache
from typing import Any

import yaml

from demo.management.commands.load_demo import DEFINITION


@cache
def _demo() -> dict[str, Any]:
    definition: dict[str, Any] = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))
    return definition


def demo_definition() -> dict[str, Any]:
    return deepcopy(_demo())


def small_definition(*, prompts: int = 3, target: int = 2, **study: Any) -> dict[str, Any]:
    """The demo study with fewer prompts and places and no practice item; `study` overrides
    its settings."""
    definition = demo_definition()
    del definition["study"]["practice"]
    definition["pool"]["prompts"] = definition["pool"]["prompts"][:prompts]
    for locale in definition["study"]["locales"]:
        locale["target"] = target
    definition["study"] |= study
    return definition


def practice_item() -> dict[str, Any]:
    """The demo's practice item, for a study that wants one."""
    item: dict[str, Any] = demo_definition()["study"]["practice"]
    return item
