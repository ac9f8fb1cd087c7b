"""`manage.py recruitment_link` makes a link, prints its address, and says what is wrong."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Vendor
from annotation.models import RecruitmentLink, Study
from annotation.recruitment.passage import join_address
from tests.recruiting import KEY, VARIABLE

pytestmark = pytest.mark.django_db


def make(study: Study, *arguments: str) -> tuple[str, str]:
    """What the command printed, and what it remarked."""
    out, remarks = StringIO(), StringIO()
    call_command("recruitment_link", study.key, "vendor-a", *arguments, stdout=out, stderr=remarks)
    return out.getvalue().strip(), remarks.getvalue()


def test_prolifics_address_has_its_three_placeholders(study: Study, vendor: Vendor) -> None:
    address, _remarks = make(study, "--convention", "prolific", "--code", "complete=C1ABC")
    link = RecruitmentLink.objects.get()
    assert address == (
        f"{join_address(link)}?PROLIFIC_PID={{{{%PROLIFIC_PID%}}}}"
        "&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}"
    )
    assert link.codes == {"complete": "C1ABC"}
    assert link.exits == {"complete": "https://app.prolific.com/submissions/complete?cc={code}"}


def test_a_panels_link_holds_everything_that_was_said(
    study: Study, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    exits = ["--exit", "complete=https://p.example/?s=1&i={id}"]
    exits += ["--exit", "quota_full=https://p.example/?s=3&i={id}"]
    address, remarks = make(
        study,
        *("--convention", "panel", "--signing-key-variable", VARIABLE, "--signed-entry"),
        *("--phase", "pilot", "--wave", "1"),
        *exits,
    )
    link = RecruitmentLink.objects.get()
    assert address == f"{join_address(link)}?pid=ID&signature=SIGNATURE"
    assert remarks == ""
    assert (link.convention, link.phase, link.signed_entry) == ("panel", "pilot", True)
    assert link.exits["quota_full"] == "https://p.example/?s=3&i={id}"
    assert link.signing_key_variable == VARIABLE


def test_the_same_options_find_the_same_link_and_others_make_another(
    study: Study, vendor: Vendor
) -> None:
    first, _remarks = make(study, "--code", "complete=C1")
    again, _remarks = make(study, "--code", "complete=C1")
    other, _remarks = make(study, "--code", "complete=C2")
    assert first == again != other
    assert {link.codes["complete"] for link in RecruitmentLink.objects.all()} == {"C1", "C2"}


def test_a_variable_that_is_not_set_is_remarked(study: Study, vendor: Vendor) -> None:
    _address, remarks = make(study, "--signing-key-variable", "NOWHERE_KEY")
    assert "NOWHERE_KEY is not set here" in remarks


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--convention", "carrier-pigeon"], "no convention"),
        (["--phase", "later"], "is no phase"),
        (["--wave", "77"], "has no wave 77"),
        (["--code", "complete"], "OUTCOME=VALUE"),
        (["--code", "complete="], "OUTCOME=VALUE"),
        (["--code", "complete=A", "--code", "complete=B"], "twice for complete"),
        (["--code", "done=A"], "no outcome"),
        (["--code", "complete=A", "--code", "quality=A"], "the same code"),
        (["--exit", "complete=http://p.example/"], "whole https address"),
        (["--signed-entry"], "needs the name"),
        (["--signing-key-variable", "0123abcdef"], "not the key itself"),
        (
            ["--convention", "prolific", "--signed-entry", "--signing-key-variable", "K"],
            "cannot sign",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_and_nothing_is_made(
    study: Study, vendor: Vendor, arguments: list[str], said: str
) -> None:
    with pytest.raises(CommandError, match=said) as refused:
        make(study, *arguments)
    assert "\n" not in str(refused.value)
    assert not RecruitmentLink.objects.exists()


def test_an_unknown_study_or_vendor_is_named(study: Study, vendor: Vendor) -> None:
    with pytest.raises(CommandError, match="no study 'nosuch'"):
        call_command("recruitment_link", "nosuch", "vendor-a")
    with pytest.raises(CommandError, match="no vendor 'nosuch'"):
        call_command("recruitment_link", study.key, "nosuch")
