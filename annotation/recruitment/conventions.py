"""The conventions of recruitment services: how ids arrive, how addresses are signed, how
people leave. Pure functions over text; docs/recruitment.md says the same to a vendor."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from django.core.exceptions import ValidationError
from django.http import QueryDict

from annotation.models.participation import Outcome
from annotation.models.recruitment import Convention

# The names under which a service sends a person's id, most common first.
ID_NAMES: dict[Convention, tuple[str, ...]] = {
    Convention.PROLIFIC: ("PROLIFIC_PID",),
    Convention.CLOUDRESEARCH: ("participantId", "workerId"),
    Convention.PANEL: ("pid",),
    Convention.PLAIN: ("PROLIFIC_PID", "participantId", "workerId", "pid"),
}
# What else it sends. It is kept beside the id, for the vendor's own questions.
FURTHER_NAMES: dict[Convention, tuple[str, ...]] = {
    Convention.PROLIFIC: ("STUDY_ID", "SESSION_ID"),
    Convention.CLOUDRESEARCH: ("assignmentId", "projectId", "hitId"),
    Convention.PANEL: (),
    Convention.PLAIN: ("STUDY_ID", "SESSION_ID", "assignmentId", "projectId", "hitId"),
}
NO_ASSIGNMENT_YET = "ASSIGNMENT_ID_NOT_AVAILABLE"
SIGNATURE_NAME = "signature"
SIGNATURE_PATTERN = re.compile(rf"([?&]){SIGNATURE_NAME}=([^&]*)")
# Where Prolific takes people back. It knows what became of them by the code alone.
PROLIFIC_EXIT = "https://app.prolific.com/submissions/complete?cc={code}"
PROLIFIC_PLACEHOLDERS = (
    "PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}"
)
LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}
# Variables whose values must never sign what outsiders see.
OWN_SECRETS = {
    "SECRET_KEY",
    "PSEUDONYM_KEY",
    "DATABASE_URL",
    "REDIS_URL",
    "OPENAI_API_KEY",
    "POSTGRES_PASSWORD",
}


@dataclass(frozen=True)
class Arrival:
    """What an address says about who comes. A preview is nobody yet."""

    external_id: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    is_preview: bool = False


def read_arrival(convention: str, query: str) -> Arrival:
    """The id and the further ids in the query part of a join address, as it came."""
    sent = QueryDict(query.encode("latin-1", "replace"))
    named = (sent.get(name, "") for name in ID_NAMES[Convention(convention)])
    external_id = next((value for value in named if value), "")
    further = {name: sent.get(name, "") for name in FURTHER_NAMES[Convention(convention)]}
    # A placeholder that nothing was put in for: somebody tries the address out.
    if external_id.startswith("{{") or further.get("assignmentId") == NO_ASSIGNMENT_YET:
        return Arrival(is_preview=True)
    if not external_id:
        return Arrival()
    return Arrival(external_id, {name: value for name, value in further.items() if value})


def sign(address: str, key: str) -> str:
    """HMAC-SHA256 over the bytes of an address, in lower-case hexadecimal digits."""
    # An address off the wire is text of Latin-1 characters, one for each byte.
    given = address.encode("latin-1", "replace")
    return hmac.new(key.encode(), given, hashlib.sha256).hexdigest()


def add_signature(address: str, key: str) -> str:
    """The address with its signature as the last parameter."""
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{SIGNATURE_NAME}={sign(address, key)}"


def signed_part(address: str, key: str) -> str | None:
    """What of an address its signature vouches for: all before it. None if it does not fit."""
    found = SIGNATURE_PATTERN.search(address)
    if found is None:
        return None
    vouched = address[: found.start()]
    expected, given = sign(vouched, key).encode(), found[2].lower().encode("latin-1", "replace")
    return vouched if hmac.compare_digest(expected, given) else None


def fill_exit(template: str, *, code: str, external_id: str, key: str = "") -> str | None:
    """The address a person leaves by, signed where there is a key.

    None where it must not be offered: no secure address, or an id it needs and nobody has.
    """
    if not _is_secure(template) or ("{id}" in template and not external_id):
        return None
    filled = template.replace("{code}", quote(code, safe="")).replace(
        "{id}", quote(external_id, safe="")
    )
    return add_signature(filled, key) if key else filled


def check_link(
    *,
    convention: str,
    codes: Mapping[str, str],
    exits: Mapping[str, str],
    signing_key_variable: str,
    signed_entry: bool,
    callbacks: Mapping[str, str] | None = None,
) -> None:
    """Raises ValidationError, in one sentence, for a link that could not work."""
    if convention not in Convention.values:
        raise ValidationError(f"“{convention}” is no convention: use {_listed(Convention)}.")
    called = callbacks or {}
    for outcome in [*codes, *exits, *called]:
        if outcome not in Outcome.values:
            raise ValidationError(f"“{outcome}” is no outcome: use {_listed(Outcome)}.")
    _check_codes(codes)
    for outcome, address in exits.items():
        _check_exit("exit", outcome, address)
    for outcome, address in called.items():
        _check_exit("callback", outcome, address)
    if called and not signing_key_variable:
        raise ValidationError("A callback is signed: name the variable with the key.")
    if signing_key_variable:
        _check_variable(signing_key_variable)
    if signed_entry and not signing_key_variable:
        raise ValidationError("A signed entry needs the name of the variable with the key.")
    if signed_entry and convention in {Convention.PROLIFIC, Convention.CLOUDRESEARCH}:
        name = Convention(convention).label
        raise ValidationError(f"{name} cannot sign addresses: leave the signed entry out.")


def _check_codes(codes: Mapping[str, str]) -> None:
    for outcome, code in codes.items():
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", code):
            raise ValidationError(
                f"The code for {outcome} must be 1 to 64 letters, digits, hyphens or underscores."
            )
    if len(set(codes.values())) < len(codes):
        raise ValidationError("Two outcomes have the same code: give each its own.")


def _check_exit(way: str, outcome: str, address: str) -> None:
    if not _is_secure(address):
        raise ValidationError(f"The {way} for {outcome} must be a whole https address.")
    unknown = set(re.findall(r"\{[^}]*\}?|\}", address)) - {"{code}", "{id}"}
    if unknown:
        raise ValidationError(
            f"The {way} for {outcome} holds {min(unknown)}: only {{code}} and {{id}} are filled in."
        )
    if "#" in address or SIGNATURE_PATTERN.search(address) or not address.isascii():
        raise ValidationError(
            f"The {way} for {outcome} must be plain ASCII, without # and without a signature."
        )


def _check_variable(name: str) -> None:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,99}", name):
        raise ValidationError(
            "Name the variable that holds the key (such as PANEL_KEY), not the key itself."
        )
    if name in OWN_SECRETS:
        raise ValidationError(f"{name} is this site's own secret: use a key of its own.")


def _is_secure(address: str) -> bool:
    """Whether an address is https, or http to this very machine."""
    if any(character.isspace() or ord(character) < 32 for character in address):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if not parts.hostname or "{" in parts.netloc or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS)


def _listed(choices: type[Convention] | type[Outcome]) -> str:
    return ", ".join(str(value) for value in choices.values)
