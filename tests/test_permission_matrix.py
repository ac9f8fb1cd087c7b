"""Every role at every address: who gets in, who is sent to sign in, who is refused.

An address that is not in the tables below fails: whoever adds a page says here whose it is.
What each role holds is read from `annotation.rights.ROLES`, as docs/roles.md has it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Annotator, ConsentDocument, Instrument, Question, User, Vendor
from annotation.actions.definition import apply_study
from annotation.actions.team import add_vendor_manager
from annotation.models import (
    Conversation,
    Flag,
    FrozenPlan,
    Grant,
    HelpThread,
    Moderation,
    Participation,
    ProblemReport,
    RecruitmentLink,
    Role,
    SignOff,
    Slot,
    Study,
)
from annotation.rights import ROLES, Right
from candidates.models import Budget, CandidateSet, ModelEndpoint, Prompt, Sampler
from exports.actions.exporting import request_export
from exports.actions.releasing import request_release
from exports.actions.tokens import create_token
from exports.models import ApiToken, Delivery, State, Webhook
from insights.figures.catalogue import FIGURES
from tests.definitions import small_definition
from tests.made_once import Once
from tests.team import member
from tests.walker import Walker

pytestmark = pytest.mark.django_db

ADMIN = "administrator"
NOBODY = "nobody"
LOGIN, DOOR = "/account/login/", "/admin/login/"
STAFF = "staff"  # every account that opens the desk
MANAGER = "the vendor's own manager"


@dataclass(frozen=True)
class Page:
    """Who may read an address, and who may send something to it; None: nobody sends."""

    get: Right | str | None
    post: Right | str | None = None


# ---- whose each address is

PUBLIC = {
    *("account_login", "account_inactive", "mfa_login_webauthn"),
    *("account_reset_password", "account_reset_password_from_key"),  # where mail is sent
    *("socialaccount_login_cancelled", "socialaccount_login_error"),
    *("openid_connect_login", "openid_connect_callback"),
    *("health", "api-root", "api-docs", "api-openapi"),
}
# Of everybody who has signed in, whatever her role: her own account.
OWN_ACCOUNT = {
    *("your-account", "account_logout", "account_reauthenticate", "account_change_password"),
    *("account_set_password", "usersessions_list", "mfa_index", "mfa_authenticate"),
    *("mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp"),
    *("mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes"),
    *("mfa_list_webauthn", "mfa_add_webauthn", "mfa_reauthenticate_webauthn"),
    *("mfa_remove_webauthn", "mfa_edit_webauthn"),
}
# Of annotators, who have no accounts: to be of the team makes no difference here.
ANNOTATORS = {
    *("join", "come-back", "no-session", "here", "interface-language", "country", "paused"),
    *("language", "consent", "declined", "quota", "guidelines", "practice", "conversations"),
    *("conversation-open", "conversation", "own-prompt-write", "ranking-submit"),
    *("explanation-submit", "generation-retry", "next-answers", "conversation-skip"),
    *("conversation-leave", "conversation-help", "help-finish", "closing", "signals"),
    *("questionnaires", "questionnaire"),
    *("signal-answer", "finish", "draft-save", "your-data", "data-download", "withdraw"),
    *("erase", "problem-report", "help-desk", "receipt", "signal-object"),
    "preview",  # an annotator's page, for the one person of the team whom its link names
}
# Of programs with a token: an account opens nothing.
PROGRAMS = {
    *("api-studies", "api-study", "api-progress", "api-formats", "export-community-alignment"),
    *(
        "changes",
        "api-exports",
        "api-export",
        "api-readme",
        "api-download",
        "api-people",
        "api-person",
    ),
}
STUDY_PAGES = {
    "study-watch": Page(Right.WATCH),
    "study-write": Page(Right.AUTHOR, Right.AUTHOR),
    "study-write-file": Page(Right.AUTHOR),
    "study-write-step": Page(Right.AUTHOR, Right.AUTHOR),
    "study-preflight": Page(Right.AUTHOR),
    "study-run": Page(Right.AUTHOR),
    "study-open": Page(None, Right.AUTHOR),
    "study-pause": Page(None, Right.AUTHOR),
    "study-resume": Page(None, Right.AUTHOR),
    "study-close": Page(None, Right.AUTHOR),
    "previews-remove": Page(None, Right.AUTHOR),
    "plan-download": Page(Right.AUTHOR),
    "study-watch-panel": Page(Right.WATCH),
    "study-prompts": Page(Right.WATCH),
    "study-prompt": Page(Right.WATCH, Right.AUTHOR),
    "study-plan": Page(Right.WATCH, Right.AUTHOR),
    "study-overlap": Page(Right.WATCH),
    "study-pace": Page(Right.WATCH),
    "study-dispositions": Page(Right.WATCH),
    "study-soft-launch": Page(Right.WATCH),
    "soft-launch-sign": Page(None, Right.AUTHOR),
    "study-figures": Page(Right.OUTCOMES),
    "study-figure": Page(Right.OUTCOMES),
    "study-figure-csv": Page(Right.OUTCOMES),
    "unlock-outcomes": Page(None, Right.AUTHOR),
    "study-topics": Page(Right.OUTCOMES, Right.AUTHOR),
    "study-themes": Page(Right.RECORDS, Right.RECORDS),
    "study-theme-sheet": Page(Right.RECORDS),
    "study-theme-languages": Page(Right.RECORDS),
    "study-review": Page(Right.REVIEW),
    "study-review-next": Page(Right.REVIEW),
    "study-review-note": Page(Right.REVIEW, Right.REVIEW),
    "study-review-second": Page(None, Right.REVIEW),
    "study-review-choices": Page(Right.REVIEW, Right.REVIEW),
    "study-help": Page(Right.HELP),
    "study-help-thread": Page(Right.HELP, Right.HELP),
    "study-left-out": Page(Right.AUTHOR, Right.AUTHOR),
    "study-left-out-back": Page(None, Right.AUTHOR),
    "study-erase": Page(Right.AUTHOR, Right.AUTHOR),
    "study-erase-confirm": Page(None, Right.AUTHOR),
    "study-receipt": Page(Right.AUTHOR),
    "study-audit": Page(Right.WATCH),
    "study-team": Page(Right.AUTHOR, Right.AUTHOR),
    "study-risk": Page(Right.RELEASE),
    "study-personal-data": Page(Right.RELEASE, Right.RELEASE),
}
# What is not there yet in the study at hand: 404 to whoever may open it.
NOT_YET = {"study-figure-csv", "study-receipt", "study-left-out-back", "study-theme-sheet",
           "study-theme-languages"}  # fmt: skip
VENDOR_PAGES = {
    "vendor-people": Page(MANAGER),
    "vendor-compare": Page(MANAGER, MANAGER),
    "vendor-team": Page(ADMIN, ADMIN),
}
# Records in the dashboard, and the right that shows them; adding and changing where it is open.
RECORDS: dict[str, Right | str] = {
    "accounts_user": ADMIN,
    "accounts_vendor": Right.AUTHOR,
    "accounts_annotator": ADMIN,
    "accounts_consentdocument": Right.AUTHOR,
    "accounts_instrument": Right.AUTHOR,
    "accounts_question": Right.AUTHOR,
    "candidates_prompt": Right.AUTHOR,
    "candidates_modelendpoint": Right.AUTHOR,
    "candidates_budget": Right.AUTHOR,
    "candidates_sampler": Right.AUTHOR,
    "candidates_candidateset": Right.AUTHOR,
    "annotation_study": Right.WATCH,
    "annotation_frozenplan": Right.WATCH,
    "annotation_signoff": Right.WATCH,
    "annotation_recruitmentlink": Right.AUTHOR,
    "annotation_participation": Right.RECORDS,
    "annotation_slot": Right.RECORDS,
    "annotation_grant": Right.RECORDS,
    "annotation_moderation": Right.RECORDS,
    "annotation_conversation": Right.RECORDS,
    "exports_apitoken": Right.RELEASE,
    "exports_webhook": Right.RELEASE,
    "exports_delivery": Right.RELEASE,
    "exports_export": Right.RELEASE,
    "exports_release": Right.RELEASE,
}
SHARED = {name for name in RECORDS if name.startswith(("accounts_", "candidates_"))}
ADDED = {
    "accounts_user": ADMIN,
    "accounts_vendor": ADMIN,
    "candidates_budget": ADMIN,
    "exports_apitoken": Right.RELEASE,
    "exports_webhook": Right.RELEASE,
    "exports_release": Right.RELEASE,
}
CHANGED: dict[str, Right | str] = {
    "accounts_user": ADMIN,
    "accounts_vendor": ADMIN,
    "candidates_budget": ADMIN,
}
DELETED = {"accounts_user": ADMIN, "accounts_vendor": ADMIN}
DESK = {
    "audit": Page(ADMIN),
    "study-new": Page(Right.AUTHOR, Right.AUTHOR),
    "admin:search": Page(STAFF),
    "admin:index": Page(STAFF),
    "admin:jsi18n": Page(STAFF),
    "admin:autocomplete": Page(NOBODY),
    "admin:view_on_site": Page(NOBODY),
    "admin:auth_user_password_change": Page(ADMIN, ADMIN),
    "admin:accounts_user_second_factor": Page(ADMIN, ADMIN),
    "admin:exports_export_download": Page(Right.RELEASE),
    "admin:exports_export_readme": Page(Right.RELEASE),
    "admin:exports_release_download": Page(Right.RELEASE),
}
# They lead on by themselves, or say nothing but that there is nothing.
LEADING_ON = {"admin:login", "admin:logout", "admin:password_change", "admin:password_change_done"}
LISTS_OF_APPS = {"admin:app_list"}


def page_of(name: str) -> Page | None:
    """Who may open an address of the desk."""
    known = STUDY_PAGES | VENDOR_PAGES | DESK
    if name in known:
        return known[name]
    record, _line, kind = name.removeprefix("admin:").rpartition("_")
    if not name.startswith("admin:") or record not in RECORDS:
        return None
    kinds: dict[str, Right | str] = {
        "changelist": RECORDS[record],
        "change": RECORDS[record],
        "history": RECORDS[record],
        "add": ADDED.get(record, NOBODY),
        "delete": DELETED.get(record, NOBODY),
    }
    if kind not in kinds:
        return None
    return Page(kinds[kind], CHANGED.get(record, NOBODY) if kind == "change" else kinds[kind])


# ---- all addresses


def addresses() -> Iterator[tuple[str, str]]:
    """Name and route of every address; those that share a name or have none by their route."""
    yield from _walk(get_resolver().url_patterns, "", "")


def _walk(patterns: Any, route: str, space: str) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = space + (f"{pattern.namespace}:" if pattern.namespace else "")
            yield from _walk(pattern.url_patterns, here, inner)
        else:
            assert isinstance(pattern, URLPattern)
            yield (space + pattern.name if pattern.name else ""), here


NAMES = sorted({name for name, _route in addresses() if name})
NAMELESS = {
    "admin/login/", "admin/logout/", "admin/password_change/", "admin/password_change/done/",
    "api/", "admin/(?P<url>.*)$",
    *(f"admin/{name.replace('_', '/')}/<path:object_id>/" for name in RECORDS),
}  # fmt: skip


def test_every_address_is_in_a_table() -> None:
    tables = PUBLIC | OWN_ACCOUNT | ANNOTATORS | PROGRAMS | LEADING_ON | LISTS_OF_APPS
    unknown = [name for name in NAMES if name not in tables and page_of(name) is None]
    assert unknown == [], "say in tests/test_permission_matrix.py whose these addresses are"
    nameless = {route for name, route in addresses() if not name}
    assert nameless <= NAMELESS, nameless - NAMELESS


# ---- one record of each kind in one study, and everybody


@pytest.fixture
def records(
    once: Once, link: RecruitmentLink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """One record of each kind, all of the study of the link; files are there to be fetched."""
    monkeypatch.setattr(settings, "EXPORTS_DIR", tmp_path)
    records = once(one_of_each, link)
    for record in ("exports_export", "exports_release"):
        (tmp_path / records[record].name).write_text("turn\n")
    return records


def one_of_each(link: RecruitmentLink) -> dict[str, Any]:
    walker = Walker(link)
    walker.enter()
    conversation = walker.open_kind("pool")
    turn = walker.current_turn(conversation)
    walker.rank(turn)
    person, study = walker.participation, link.study
    admin = User.objects.create_superuser("root")
    webhook = Webhook.objects.create(vendor=link.vendor, study=study, url="https://a.example/")
    create_token(vendor=link.vendor, study=study, name="nightly", created_by=admin)
    locale = study.locales.get(country="FR")
    return {
        "accounts_user": admin,
        "accounts_vendor": link.vendor,
        "accounts_annotator": Annotator.objects.get(),
        "accounts_consentdocument": ConsentDocument.objects.first(),
        "accounts_instrument": Instrument.objects.first(),
        "accounts_question": Question.objects.first(),
        "candidates_prompt": Prompt.objects.first(),
        "candidates_modelendpoint": ModelEndpoint.objects.first()
        or ModelEndpoint.objects.create(key="own", base_url="https://models.example/v1"),
        "candidates_budget": Budget.objects.create(key="all", limit=10),
        "candidates_sampler": Sampler.objects.first(),
        "candidates_candidateset": CandidateSet.objects.exclude(prompt_text=None).first(),
        "annotation_study": study,
        "annotation_frozenplan": FrozenPlan.objects.get(study=study),
        "annotation_signoff": SignOff.objects.create(
            locale=locale, phase="main", by=admin, figures={}
        ),
        "annotation_recruitmentlink": link,
        "annotation_participation": person,
        "annotation_slot": Slot.objects.filter(grants__participation=person).first(),
        "annotation_grant": Grant.objects.filter(participation=person).first(),
        "annotation_moderation": Moderation.objects.create(
            conversation=conversation, outcome="ok", source="rules"
        ),
        "annotation_conversation": conversation,
        "annotation_flag": Flag.objects.create(participation=person, kind="speed"),
        "annotation_problemreport": ProblemReport.objects.create(
            participation=person, turn=turn, kind="other"
        ),
        "annotation_helpthread": HelpThread.objects.create(study=study, language="fr"),
        "exports_apitoken": ApiToken.objects.get(),
        "exports_webhook": webhook,
        "exports_delivery": Delivery.objects.create(
            webhook=webhook, event="export.ready", subject="x", message_id="m"
        ),
        "exports_export": ready(request_export(study=study, format="comparisons", container="csv")),
        "exports_release": ready(request_release(study=study, by=admin)),
    }


def ready(row: Any) -> Any:
    row.name, row.state = f"{row.pk}-{type(row).__name__}.csv", State.READY
    row.save()
    return row


def everybody(study: Study, vendor: Vendor) -> dict[str, Callable[[], User]]:
    """Each kind of account: with one role here, with the same role elsewhere, with none."""
    elsewhere, other_vendor = another_study(), Vendor.objects.create(key="b", name="B")

    def manager(of: Vendor) -> User:
        user = User.objects.create_user(f"manager-{of.key}")
        add_vendor_manager(vendor=of, user=user, by=None, why="for a test")
        return user

    return {
        **{role: partial(member, study, role) for role in ROLES if ROLES[role]},
        "researcher of another study": lambda: member(elsewhere, Role.RESEARCHER, "elena"),
        "reviewer of another study": lambda: member(elsewhere, Role.REVIEWER, "elena"),
        STAFF: lambda: member(None, None, "guest"),
        "account": lambda: User.objects.create_user("nobody"),
        MANAGER: lambda: manager(vendor),
        "manager of another vendor": lambda: manager(other_vendor),
        ADMIN: lambda: User.objects.get(username="root"),
    }


KINDS = [
    *(role.value for role in ROLES if ROLES[role]),
    *("researcher of another study", "reviewer of another study", STAFF, "account"),
    *(MANAGER, "manager of another vendor", ADMIN),
]


def another_study() -> Study:
    """With prompts of its own: whoever retires one that studies share needs a right in each."""
    definition = small_definition(key="another-study")
    definition["pool"]["key"] = "another-pool"
    return apply_study(definition)


def arguments(name: str, records: dict[str, Any]) -> dict[str, Any] | list[Any]:
    """What an address of the desk needs to lead to a record of the study."""
    study = records["annotation_study"]
    if name == "soft-launch-sign":
        locale = records["annotation_signoff"].locale_id
        return {"key": study.key, "locale": locale, "phase": "main"}
    if name in STUDY_PAGES:
        return [study.key, *further(name, records)]
    if name in VENDOR_PAGES:
        return [records["accounts_vendor"].key]
    if name == "admin:view_on_site":
        return [1, 1]
    if name == "admin:auth_user_password_change":
        return [records["accounts_user"].pk]
    bare = name.removeprefix("admin:")
    record = next((one for one in RECORDS if bare.startswith(f"{one}_")), None)
    if record is None or bare.endswith(("_changelist", "_add")):
        return []
    return [records[record].pk]


def further(name: str, records: dict[str, Any]) -> list[Any]:
    """What a page of a study is about, beyond the study."""
    flag, thread = records["annotation_flag"], records["annotation_helpthread"]
    more: dict[str, list[Any]] = {
        "plan-download": [1],
        "study-watch-panel": ["progress"],
        "study-write-step": ["basics"],
        "study-prompt": [records["candidates_prompt"].key],
        "study-figure": [FIGURES[0].key],
        "study-figure-csv": [FIGURES[0].key],
        "study-theme-sheet": [1],
        "study-theme-languages": [1],
        "study-review-note": [flag.pk],
        "study-review-second": [flag.pk],
        "study-review-choices": [flag.pk],
        "study-help-thread": [thread.public_id],
        "study-left-out-back": [records["annotation_participation"].public_id],
        "study-receipt": ["made-up"],
    }
    return more.get(name, [])


def opens(kind: str, who: Right | str | None, name: str) -> bool:
    """Whether this kind of account gets in where `who` says whose the address is."""
    if who in (None, NOBODY):
        return False
    if kind == ADMIN:
        return True
    if who in (ADMIN, MANAGER):
        return kind == who
    if who == STAFF:
        return kind not in ("account", MANAGER, "manager of another vendor")
    rights = ROLES[Role(kind)] if kind in Role.values else frozenset()
    if kind.endswith("of another study") and reaches_all(name):
        rights = ROLES[Role(kind.split()[0])]
    if name.startswith("admin:annotation_conversation_changelist") and Right.REVIEW in rights:
        return True  # with the people about whom she decided: here nobody
    return who in rights


def reaches_all(name: str) -> bool:
    """Whether an address shows what studies share, or a list from which others' are missing."""
    bare = name.removeprefix("admin:")
    return (
        name == "study-new"
        or bare.endswith(("_changelist", "_add"))
        or any(bare.startswith(f"{record}_") for record in SHARED)
    )


def outcome(response: Any) -> str:
    """In, to the page where one signs in, or refused."""
    if response.status_code in (301, 302):
        return "sign in" if response["Location"].startswith((LOGIN, DOOR)) else "in"
    if response.status_code in (403, 404):
        return "refused"
    return "in" if response.status_code < 500 else f"fault {response.status_code}"


# 401: an issuer that confirmed nobody; 503: no worker, says /healthz.
OPEN = {200, 302, 401, 404, 405, 503}
DESK_NAMES = [name for name in NAMES if page_of(name)]


@pytest.mark.parametrize("kind", KINDS)
def test_each_role_opens_what_it_holds_and_nothing_else(records: dict[str, Any], kind: str) -> None:
    study, vendor = records["annotation_study"], records["accounts_vendor"]
    client = Client(raise_request_exception=False)
    client.force_login(everybody(study, vendor)[kind]())
    wrong = []
    for name in DESK_NAMES:
        page = page_of(name)
        assert page is not None
        address = (
            reverse(name, args=a)
            if isinstance(a := arguments(name, records), list)
            else reverse(name, kwargs=a)
        )
        for method, who in (("get", page.get), ("post", page.post)):
            if who is None:
                continue
            response = getattr(client, method)(address)
            for close in response._resource_closers:  # files; the transaction stays open
                close()
            found = outcome(response)
            expected = "in" if opens(kind, who, name) else "refused"
            # The desk's own door: accounts that are not of the desk stand before it.
            if expected == "refused" and response.headers.get("Location", "").startswith(DOOR):
                found = outcome(getattr(client, method)(address, follow=True))
            if expected == "in" and name in NOT_YET and response.status_code == 404:
                continue
            if found != expected:
                wrong.append(f"{method} {address}: {found}, not {expected}")
    assert "\n".join(wrong) == ""


def test_who_is_not_signed_in_is_asked_to_everywhere(records: dict[str, Any]) -> None:
    wrong = []
    for name in DESK_NAMES:
        a = arguments(name, records)
        address = reverse(name, args=a) if isinstance(a, list) else reverse(name, kwargs=a)
        page = page_of(name)
        assert page is not None
        for method, who in (("get", page.get), ("post", page.post)):
            if who is not None and outcome(getattr(Client(), method)(address)) != "sign in":
                wrong.append(f"{method} {address}")
    assert "\n".join(wrong) == ""


@pytest.mark.parametrize("kind", [Role.RESEARCHER, "researcher of another study", STAFF])
def test_lists_name_nothing_of_studies_that_are_not_hers(
    records: dict[str, Any], kind: str
) -> None:
    study, vendor = records["annotation_study"], records["accounts_vendor"]
    client = Client()
    client.force_login(everybody(study, vendor)[kind]())
    own = kind == Role.RESEARCHER
    for record in sorted(RECORDS.keys() - SHARED):
        response = client.get(reverse(f"admin:{record}_changelist"))
        if response.status_code == 403:
            assert not own
            continue
        page = reverse(f"admin:{record}_change", args=[records[record].pk])
        assert (page in response.text) == own, record
        assert own or study.key not in response.text, record
    for name in ("exports_apitoken", "exports_webhook", "exports_release"):
        response = client.get(reverse(f"admin:{name}_add"))
        assert own or study.key not in response.text, name


def test_an_account_makes_no_difference_to_annotators_pages_and_programs(
    records: dict[str, Any],
) -> None:
    root = Client()
    root.force_login(records["accounts_user"])
    nobody = Client()
    made = {"key": "unknown", "token": "unknown", "public_id": "unknown", "position": 1,
            "number": 1, "kind": "speed", "study_key": records["annotation_study"].key,
            "export_id": "x", "person_id": "x"}  # fmt: skip
    for name, route in addresses():
        if name in ANNOTATORS | PROGRAMS:
            wanted = {key: value for key, value in made.items() if f":{key}>" in route}
            address = reverse(name, kwargs=wanted)
            codes = [client.get(address).status_code for client in (nobody, root)]
            assert codes[0] == codes[1], address
            if name in PROGRAMS:
                # A file's own address says 404 to whoever lacks its signature.
                assert codes[1] == (404 if name == "api-download" else 401), address


def test_own_pages_need_no_role_and_the_public_ones_no_account(
    records: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "EMAIL_URL", "smtp://mail.example")
    client, user = Client(), User.objects.create_user("nobody", password="a-long-password")
    TOTP.activate(user, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    client.force_login(user)
    for name in sorted(OWN_ACCOUNT | PUBLIC):
        with_key: dict[str, list[Any]] = {"mfa_remove_webauthn": [1], "mfa_edit_webauthn": [1]}
        with_key["account_reset_password_from_key"] = ["1", "unknown"]
        issuer = {"openid_connect_login": ["issuer"], "openid_connect_callback": ["issuer"]}
        address = reverse(name, args=(with_key | issuer).get(name, []))
        signed_in = client.get(address).status_code
        assert signed_in in OPEN, address
        if name == "account_logout":
            client.force_login(user)
            continue
        anonymous = Client().get(address)
        if name in OWN_ACCOUNT:
            assert outcome(anonymous) == "sign in", address
        else:
            # A passkey's address leads whoever comes without a script to the page itself.
            way_in = outcome(anonymous) == ("sign in" if name == "mfa_login_webauthn" else "in")
            assert way_in or anonymous.status_code in OPEN, address


def test_the_desk_waits_for_a_second_factor(
    records: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "STAFF_TWO_FACTOR", True)
    client = Client()
    client.force_login(records["accounts_user"])
    for name in DESK_NAMES:
        a = arguments(name, records)
        address = reverse(name, args=a) if isinstance(a, list) else reverse(name, kwargs=a)
        for method in ("get", "post"):
            response = getattr(client, method)(address)
            assert response.status_code == 302, address
            assert response["Location"] == reverse("mfa_index"), address


def test_a_stored_permission_of_django_gives_nothing(records: dict[str, Any]) -> None:
    from django.contrib.auth.models import Group, Permission

    user = member(None, None, "guest")
    user.user_permissions.set(Permission.objects.all())
    group = Group.objects.create(name="all")
    group.permissions.set(Permission.objects.all())
    user.groups.add(group)
    client = Client()
    client.force_login(user)
    assert User.objects.get(pk=user.pk).get_all_permissions() == set()
    assert client.get(reverse("admin:annotation_study_changelist")).status_code == 403
    assert client.get(reverse("admin:accounts_user_changelist")).status_code == 403


def test_a_rehearsal_is_open_to_those_of_its_study(records: dict[str, Any]) -> None:
    study = records["annotation_study"]
    copy = another_study()
    Study.objects.filter(pk=copy.pk).update(rehearsal_of=study)
    client = Client()
    client.force_login(member(study, Role.VIEWER))
    address = reverse("admin:annotation_study_change", args=[copy.pk])
    assert client.get(address).status_code == 200
    assert client.get(reverse("study-plan", args=[copy.key])).status_code == 200
    assert Participation.objects.exists() and Conversation.objects.exists()


def test_what_belongs_to_another_study_is_not_there_under_her_own(
    records: dict[str, Any],
) -> None:
    own = another_study()
    client = Client()
    client.force_login(member(own, Role.RESEARCHER))
    about = {
        name: further(name, records)
        for name in (
            *("study-review-note", "study-review-second", "study-review-choices"),
            *("study-help-thread", "study-left-out-back"),
        )
    }
    for name, more in about.items():
        address = reverse(name, args=[own.key, *more])
        for method in ("get", "post"):
            response = getattr(client, method)(address)
            assert response.status_code in (404, 405), f"{method} {address}"
    locale = records["annotation_signoff"].locale_id
    signed = reverse("soft-launch-sign", args=[own.key, locale, "main"])
    assert client.post(signed).status_code == 404
