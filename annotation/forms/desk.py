"""What members of the team decide, each with a reason."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Vendor
from annotation.forms.fields import CHOOSE_ONE, WrittenField
from annotation.models import AuditEntry, Flag, FlagJudgement, Phase, Study, StudyLocale
from annotation.review.queue import Wanted
from candidates.models import Prompt

SAY_WHY = _("Say why: the person reads it.")
KEPT = _("Kept in the audit for good, with your name.")


class WantedForm(forms.Form):
    """Which notes the queue shows."""

    state = forms.ChoiceField(
        label=_("State"),
        choices=[("waiting", _("waiting")), ("decided", _("decided")), ("all", _("all"))],
        required=False,
    )
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[("", _("any")), *Flag.Kind.choices], required=False
    )
    locale = forms.ModelChoiceField(
        label=_("Locale"), queryset=StudyLocale.objects.none(), required=False, empty_label=_("any")
    )
    phase = forms.ChoiceField(
        label=_("Phase"), choices=[("", _("pilot and main")), *Phase.choices], required=False
    )
    answered = forms.BooleanField(label=_("answered by the person"), required=False)

    def __init__(self, data: Any, *, study: Study) -> None:
        super().__init__(data, auto_id="wanted_%s")
        locales = study.locales.order_by("country", "language")
        self.fields["locale"].queryset = locales  # type: ignore[attr-defined]

    def wanted(self) -> Wanted:
        """What is not understood is passed over."""
        self.is_valid()
        given = self.cleaned_data
        locale = given.get("locale")
        return Wanted(
            state=given.get("state") or "waiting",
            kind=given.get("kind", ""),
            locale=locale.pk if locale else None,
            phase=given.get("phase", ""),
            answered=given.get("answered", False),
        )


class FirstForm(forms.Form):
    """A first judgement, blind; nothing is chosen beforehand."""

    verdict = forms.ChoiceField(
        label=_("What do the figures say?"),
        choices=FlagJudgement.Verdict.choices,
        widget=forms.RadioSelect(attrs={"autofocus": True}),
        error_messages={"required": CHOOSE_ONE},
    )
    reason = WrittenField(
        label=_("Reason"),
        help_text=_("Kept beside the decision, and in the file that she can download."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why.")},
    )


class DecisionForm(forms.Form):
    """A decision and its reason; nothing is chosen beforehand."""

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=Flag.Decision.choices,
        widget=forms.RadioSelect,
        error_messages={"required": CHOOSE_ONE},
    )
    reason = WrittenField(
        label=_("Reason"),
        help_text=_("The person reads it. Write it in a language she understands."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": SAY_WHY},
    )
    end = forms.BooleanField(
        label=_("End the participation now, with the quality exit"), required=False
    )

    def clean_end(self) -> bool:
        """Only together with leaving out; with another decision it would be a slip."""
        end: bool = self.cleaned_data["end"]
        if end and self.cleaned_data.get("decision") != Flag.Decision.EXCLUDED:
            self.add_error("decision", CHOOSE_ONE)
        return end


class WhyForm(forms.Form):
    """Only the reason."""

    why = WrittenField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why.")},
    )


class LeaveOutForm(WhyForm):
    """Somebody by her number, and why."""

    number = forms.CharField(
        label=_("Her number in this study"),
        help_text=_("As it stands above a conversation of hers."),
        max_length=16,
    )
    field_order = ("number", "why")


class FindForm(forms.Form):
    """A person who asked to be erased, by what she has in her hands or by the vendor's id."""

    code = forms.CharField(
        label=_("Her receipt, or her number"),
        help_text=_("As it stands on her receipt or in the file with her data."),
        max_length=16,
        required=False,
    )
    vendor = forms.ModelChoiceField(
        label=_("Or the vendor"), queryset=Vendor.objects.order_by("name"), required=False
    )
    external_id = forms.CharField(label=_("and her id there"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        by_vendor = bool(given.get("vendor")) and bool(given.get("external_id"))
        if bool(given.get("code")) == by_vendor:
            raise forms.ValidationError(
                _("Type her receipt or her number, or choose the vendor and type her id there.")
            )
        return given


class RetireForm(forms.Form):
    """Why a prompt goes, and which one comes instead."""

    why = WrittenField(label=_("Reason"), help_text=KEPT, max_length=300)
    instead = forms.ModelChoiceField(
        label=_("Replaced by"),
        queryset=Prompt.objects.none(),
        to_field_name="key",
        required=False,
        empty_label=_("no other prompt"),
    )

    def __init__(self, data: Any = None, *, prompt: Prompt) -> None:
        super().__init__(data)
        others = Prompt.objects.filter(pool=prompt.pool_id).in_use().exclude(pk=prompt.pk)
        self.fields["instead"].queryset = others.order_by("key")  # type: ignore[attr-defined]


class AuditForm(forms.Form):
    """Which lines of the audit are shown."""

    words = forms.CharField(label=_("Words"), max_length=200, required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    by = forms.CharField(label=_("Who"), max_length=150, required=False)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    study = forms.CharField(label=_("Study"), max_length=50, required=False)

    def __init__(self, data: Any, *, one_study: bool) -> None:
        super().__init__(data, auto_id="audit_%s")
        kinds = sorted(AuditEntry.Kind.choices, key=lambda kind: str(kind[1]))
        self.fields["kind"].choices = [("", _("any")), *kinds]  # type: ignore[attr-defined]
        if one_study:
            del self.fields["study"]
