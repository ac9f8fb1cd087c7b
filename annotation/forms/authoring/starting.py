"""How a new study begins, and what is done with a whole draft."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from annotation.authoring.blank import blank_definition
from annotation.authoring.study_file import FileFault, from_yaml
from annotation.definition.rendering import definition_of
from annotation.forms.authoring.fields import CODE, UploadField
from annotation.models import Study


class FileField(UploadField):
    """A study's file, as its definition."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        found = super().clean(data, initial)
        if not found:
            return None
        name, raw = found
        try:
            return from_yaml(raw.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise ValidationError(_("%(name)s is not UTF-8 text.") % {"name": name}) from error
        except FileFault as fault:
            raise ValidationError(str(fault)) from fault


class StartForm(forms.Form):
    """A new key, and a file or another study to begin with; neither: an empty study."""

    key = forms.RegexField(
        CODE, label=_("Key"), max_length=50, required=False,
        help_text=_("Letters, digits, - and _. It names the study in addresses and files."),
    )  # fmt: skip
    file = FileField(
        label=_("Begin with a study's file (YAML)"), required=False,
        help_text=_("Without a key above it keeps its own."),
    )  # fmt: skip
    clone: "forms.ModelChoiceField[Study]" = forms.ModelChoiceField(
        label=_("Or with everything of another study"),
        queryset=Study.objects.none(),
        required=False,
        empty_label=_("no other study"),
        help_text=_(
            "But for people and their work. Prompts are shared until one of the two changes them."
        ),
    )

    def __init__(self, *args: Any, studies: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["clone"].queryset = studies  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        file, clone = given.get("file"), given.get("clone")
        if file and clone:
            raise ValidationError(_("Begin with a file or with another study, not with both."))
        own = str(file["study"].get("key") or "") if file else ""
        key = given.get("key") or own
        if not key and "key" not in self.errors:
            self.add_error("key", _("Give the study a key."))
        given["key"] = key
        given["definition"] = file or (definition_of(clone) if clone else blank_definition(key))
        return given


class SourceForm(forms.Form):
    language = forms.ChoiceField(label=_("Texts are translated from"), choices=settings.LANGUAGES)


class ReplaceForm(forms.Form):
    file = FileField(label=_("Put a study's file (YAML) in place of all of it"))
