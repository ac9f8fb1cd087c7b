"""How inputs are written: as Django's own templates write them, without a template for each.

A ranking page has some forty inputs.
"""

from typing import Any

from django.forms.renderers import DjangoTemplates
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString

PLAIN = {
    f"django/forms/widgets/{name}.html"
    for name in ("input", "text", "number", "hidden", "radio_option", "checkbox_option")
}


class Renderer(DjangoTemplates):
    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        widget = context.get("widget", {})
        if template_name in PLAIN and not widget.get("wrap_label"):
            return _input(widget)
        return super().render(template_name, context, request)


def _input(widget: dict[str, Any]) -> SafeString:
    value = widget["value"]
    if value is not None:
        value = format_html(' value="{}"', str(value))
    return format_html(
        '<input type="{}" name="{}"{}{}>',
        widget["type"], widget["name"], value or "", flatatt(_said(widget["attrs"])),
    )  # fmt: skip


def _said(attributes: dict[str, Any]) -> dict[str, Any]:
    """Django's templates leave out what is false and name alone what is true."""
    return {
        name: value if value is True else str(value)
        for name, value in attributes.items()
        if value is not False
    }
