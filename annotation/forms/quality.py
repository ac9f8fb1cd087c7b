"""What the person says to a note on her work."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.forms.fields import WrittenField

TOO_LONG = _("Please shorten your text to %(limit_value)d characters.")


class FlagAnswerForm(forms.Form):
    """Her answer, in any language; an empty one takes back what she said."""

    answer = WrittenField(
        label=_("Your answer"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": TOO_LONG},
    )


class ObjectionForm(forms.Form):
    """What she says to a decision, once."""

    objection = WrittenField(
        label=_("What should the person know?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": _("Write what the person should know."),
            "max_length": TOO_LONG,
        },
    )
