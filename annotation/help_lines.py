"""Whom a person in distress can call, by country."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).parent / "help_lines.yaml"


@dataclass(frozen=True)
class HelpLine:
    name: str
    language: str
    number: str

    @property
    def dial(self) -> str:
        """The number as a telephone wants it."""
        return self.number.replace(" ", "")


@cache
def help_lines(country: str) -> list[HelpLine]:
    """The lines of a country by ISO 3166-1 code; empty where none is listed."""
    lines = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return [HelpLine(**line) for line in lines.get(country, [])]
