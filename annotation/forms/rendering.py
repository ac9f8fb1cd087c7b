"""How inputs are written: as Django's own templates write them, without a template for each.

A ranking page has some forty inputs.
"""

from html import escape
from typing import Any

from django.forms.boundfield import BoundField
from django.forms.renderers import DjangoTemplates
from django.forms.widgets import ChoiceWidget
from django.utils.safestring import SafeString, mark_safe

PLAIN = {
    f"django/forms/widgets/{name}.html"
    for name in ("input", "text", "number", "hidden", "radio_option", "checkbox_option")
}


class Renderer(DjangoTemplates):
    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        widget = context.get("widget", {})
        if template_name == "django/forms/widgets/select.html":
            return _select(widget)
        if template_name in PLAIN and not widget.get("wrap_label"):
            return _input(widget)
        if template_name == "django/forms/widgets/textarea.html":
            return _textarea(widget)
        return super().render(template_name, context, request)


def _input(widget: dict[str, Any]) -> SafeString:
    """What is None or false is left out; of what is true, the name alone is written."""
    said = {"type": widget["type"], "name": widget["name"]}
    if widget["value"] is not None:
        said["value"] = str(widget["value"])
    return mark_safe(f"<input {_said(said | widget['attrs'])}>")  # noqa: S308 (escaped below)


def _textarea(widget: dict[str, Any]) -> SafeString:
    said = _said({"name": widget["name"], **widget["attrs"]})
    text = escape(widget["value"] or "")
    return mark_safe(f"<textarea {said}>\n{text}</textarea>")  # noqa: S308 (escaped)


def _select(widget: dict[str, Any]) -> SafeString:
    """Its options stand in no groups, as those of all our lists."""
    said = _said({"name": widget["name"], **widget["attrs"]})
    options = "\n".join(
        f"<option {_said({'value': option['value'], **option['attrs']})}>"
        f"{escape(str(option['label']))}</option>"
        for _group, members, _index in widget["optgroups"]
        for option in members
    )
    return mark_safe(f"<select {said}>\n{options}\n</select>")  # noqa: S308 (escaped)


def buttons(field: BoundField, kind: str) -> SafeString:
    """The buttons of a choice, each with its words in a label of this class. One without a
    value is of the class `no-` and its name, too."""
    widget = field.field.widget
    assert isinstance(widget, ChoiceWidget)
    attributes = field.build_widget_attrs({"id": field.auto_id} if field.auto_id else {})
    return mark_safe(  # noqa: S308 (escaped)
        "".join(
            f'<label class="{kind}{"" if option["value"] else f" no-{kind}"}">'
            f"{_input(option)} <span>{escape(str(option['label']))}</span></label>"
            for option in widget.subwidgets(field.html_name, field.value(), attributes)
        )
    )


def _said(attributes: dict[str, Any]) -> str:
    return " ".join(
        name if value is True else f'{name}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not False
    )
