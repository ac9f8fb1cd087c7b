"""Keys made of other keys, never longer than one may be."""

import hashlib

LONGEST = 50  # letters of a key


def joined(*parts: str) -> str:
    """The parts with dashes between them; where that is too long its end is a digest of all of
    it, so that two long keys with the same beginning stay two."""
    name = "-".join(parts)
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
