"""Who is to join the team of a study or of a vendor, and who is to leave it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Vendor
from annotation.actions.team import (
    MOST_CHARACTERS,
    add_member,
    add_vendor_manager,
    remove_member,
)
from annotation.models import Role, Study, TeamMember

IN_STUDIES = [(role.value, role.label) for role in Role if role != Role.VENDOR_MANAGER]


class AddForm(forms.Form):
    """Somebody by her user name. A vendor has one role to give, a study several."""

    user_name = forms.CharField(label=_("User name"), max_length=150)
    role = forms.ChoiceField(label=_("Role"), choices=IN_STUDIES)
    why = forms.CharField(
        label=_("Reason"), max_length=MOST_CHARACTERS, help_text=_("It is kept with the change.")
    )

    def __init__(self, data: Any = None, *, place: Study | Vendor) -> None:
        super().__init__(data, prefix="add")
        self.place = place
        if isinstance(place, Vendor):
            del self.fields["role"]

    def clean_user_name(self) -> User:
        found = User.objects.filter(username=self.cleaned_data["user_name"], is_active=True).first()
        if found is None:
            raise ValidationError(
                _("Nobody has this user name. Accounts are made by an administrator.")
            )
        return found

    def carry_out(self, by: User) -> bool:
        given = self.cleaned_data
        return _tried(self, lambda: self._add(given["user_name"], given, by))

    def _add(self, user: User, given: dict[str, Any], by: User) -> None:
        if isinstance(self.place, Vendor):
            add_vendor_manager(vendor=self.place, user=user, by=by, why=given["why"])
        else:
            add_member(study=self.place, user=user, role=given["role"], by=by, why=given["why"])


class RemoveForm(forms.Form):
    member: "forms.ModelChoiceField[TeamMember]" = forms.ModelChoiceField(
        TeamMember.objects.none(), label=_("Who")
    )
    why = forms.CharField(label=_("Reason"), max_length=MOST_CHARACTERS)

    def __init__(self, data: Any = None, *, place: Study | Vendor) -> None:
        super().__init__(data, prefix="remove")
        self.fields["member"].queryset = members_of(place)  # type: ignore[attr-defined]

    def carry_out(self, by: User) -> bool:
        given = self.cleaned_data
        return _tried(self, lambda: remove_member(member=given["member"], by=by, why=given["why"]))


def members_of(place: Study | Vendor) -> Any:
    members = place.managers if isinstance(place, Vendor) else place.members
    return members.select_related("user", "study", "vendor").order_by("role", "user__username")


def _tried(form: forms.Form, change: Any) -> bool:
    """Whether the change was made; why not stands in the form."""
    try:
        change()
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True
