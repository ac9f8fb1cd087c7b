"""Interface messages without gettext: compiling and checking, in pure Python."""

import re
from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parent.parent / "locale"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def compile_all() -> int:
    """Writes a .mo beside every .po that is newer; returns how many it wrote."""
    written = 0
    for source in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        polib.pofile(str(source)).save_as_mofile(str(target))
        written += 1
    return written


def find_faults(source: Path) -> list[str]:
    """Messages of a .po file that are missing, fuzzy, or lost or gained a placeholder."""
    faults = []
    for entry in polib.pofile(str(source)):
        if entry.obsolete:
            continue
        texts = [entry.msgstr] if not entry.msgid_plural else list(entry.msgstr_plural.values())
        if entry.fuzzy:
            faults.append(f"fuzzy: {entry.msgid}")
        if not texts or not all(texts):
            faults.append(f"missing: {entry.msgid}")
        wanted = sorted(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        faults += [
            f"placeholders differ: {entry.msgid}"
            for text in texts
            if text and sorted(PLACEHOLDER.findall(text)) != wanted
        ]
    return faults


if __name__ == "__main__":
    compile_all()
