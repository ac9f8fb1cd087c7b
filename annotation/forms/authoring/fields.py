"""Fields and lists that the pages of authoring share."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from annotation.forms.fields import WrittenField

CODE = r"^[-a-zA-Z0-9_]+$"


class CodesField(forms.CharField):
    """Codes with blanks between them, as a list."""

    def to_python(self, value: Any) -> Any:
        return list(dict.fromkeys(str(super().to_python(value) or "").replace(",", " ").split()))

    def prepare_value(self, value: Any) -> Any:
        return " ".join(str(item) for item in value) if isinstance(value, list) else value


class UploadField(forms.FileField):
    """A text file, as its name and bytes. Raises ValidationError for one that is too large."""

    MOST = 20_000_000

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if file and file.size > self.MOST:
            raise ValidationError(_("The file is larger than 20 MB."))
        return (file.name, file.read()) if file else None


def whole(label: Any, *, least: int = 0, most: int = 32_000, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=least, max_value=most, **more)


def words(label: Any, *, long: bool = False, most: int = 300, **more: Any) -> WrittenField:
    widget = forms.Textarea(attrs={"rows": 5}) if long else forms.TextInput()
    return WrittenField(
        label=label, required=False, widget=widget, max_length=50_000 if long else most, **more
    )


def money(label: Any, **more: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=8, decimal_places=2, **more
    )


def day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget)


def said(cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a definition has them; what says nothing is None."""
    return {
        name: None if value is None or value in ("", [], {}) else value
        for name, value in cleaned.items()
    }


class RowForm(forms.Form):
    """One item of a list. `NEEDED` of a new one must be said for it to be one."""

    NEEDED: str = ""


class Rows:
    """The items of a list as forms, with blank ones after them."""

    def __init__(
        self,
        form: type[RowForm],
        items: list[dict[str, Any]],
        *,
        prefix: str,
        data: Any = None,
        extra: int = 1,
        removable: bool = True,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        made = forms.formset_factory(
            form, extra=extra, can_delete=removable, can_delete_extra=False, max_num=500
        )
        self.items = items
        self.set = made(data, prefix=prefix, initial=items, form_kwargs=dict(options or {}))

    def is_valid(self) -> bool:
        return bool(self.set.is_valid())

    def values(self) -> list[dict[str, Any]]:
        """The items as they are now. Whatever a form does not name stays in them."""
        found = []
        for place, form in enumerate(self.set.forms):
            cleaned = said(form.cleaned_data)
            taken_out = cleaned.pop("DELETE", None)
            known = self.items[place] if place < len(self.items) else None
            if taken_out or (known is None and not cleaned.get(form.NEEDED)):
                continue
            whole_item = {**(known or {}), **cleaned}
            found.append({name: value for name, value in whole_item.items() if value is not None})
        return found
