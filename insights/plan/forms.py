"""Changes of a study's plan, as a researcher types them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from annotation.actions.plan_log import MOST_CHARACTERS
from annotation.actions.replan import Change, change_target, merge_cells
from annotation.models import Study, StudyLocale


class PlanForm(forms.Form):
    """A change with its reason. `change` makes it, for whoever is logged in."""

    why = forms.CharField(
        label=_("Why"),
        max_length=MOST_CHARACTERS,
        help_text=_("Kept in the log for good, with your name."),
    )
    field_order: Any = None

    def __init__(self, *args: Any, study: Study, phase: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.study, self.phase = study, phase

    def change(self, by: User) -> Change:
        raise NotImplementedError


class TargetForm(PlanForm):
    """How many people judge each set of a locale."""

    locale = forms.ModelChoiceField(queryset=StudyLocale.objects.none(), label=_("Locale"))
    target = forms.IntegerField(label=_("People per set"), min_value=1, max_value=10_000)
    core = forms.BooleanField(
        label=_("For the prompts of the core"), required=False, help_text=_("Else for the others.")
    )
    field_order = ("locale", "target", "core", "why")

    def __init__(self, *args: Any, study: Study, **options: Any) -> None:
        super().__init__(*args, study=study, **options)
        locales = study.locales.order_by("country", "language")
        self.fields["locale"].queryset = locales  # type: ignore[attr-defined]
        if not study.core:
            del self.fields["core"]

    def change(self, by: User) -> Change:
        given = self.cleaned_data
        return change_target(
            locale=given["locale"],
            target=given["target"],
            core=given.get("core", False),
            phase=self.phase,
            by=by,
            why=given["why"],
        )


class MergeForm(PlanForm):
    """Cells that nobody fills join another."""

    keys = forms.MultipleChoiceField(
        label=_("Cells that nobody fills"), widget=forms.CheckboxSelectMultiple
    )
    into = forms.ChoiceField(label=_("They join"))
    drop = forms.BooleanField(
        label=_("Let their people in no longer"),
        required=False,
        help_text=_("The cell above takes over the number of people and nobody new fits."),
    )
    field_order = ("keys", "into", "drop", "why")

    def __init__(self, *args: Any, study: Study, **options: Any) -> None:
        super().__init__(*args, study=study, **options)
        keys = study.quotas.order_by("key").values_list("key", flat=True)
        choices = [(key, key) for key in keys]
        self.fields["keys"].choices = choices  # type: ignore[attr-defined]
        self.fields["into"].choices = choices  # type: ignore[attr-defined]

    def change(self, by: User) -> Change:
        given = self.cleaned_data
        return merge_cells(
            study=self.study,
            keys=given["keys"],
            into=given["into"],
            drop=given["drop"],
            by=by,
            why=given["why"],
        )


FORMS: dict[str, type[PlanForm]] = {"target": TargetForm, "merge": MergeForm}
