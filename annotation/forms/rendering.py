"""How inputs are written: as Django's own templates write them, without a template for each.

A ranking page has some forty inputs.
"""

from html import escape
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.safestring import SafeString, mark_safe

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
    """What is None or false is left out; of what is true, the name alone is written."""
    said = {"type": widget["type"], "name": widget["name"]}
    if widget["value"] is not None:
        said["value"] = str(widget["value"])
    said |= widget["attrs"]
    parts = [
        name if value is True else f'{name}="{escape(str(value))}"'
        for name, value in said.items()
        if value is not False
    ]
    return mark_safe(f"<input {' '.join(parts)}>")  # noqa: S308 (escaped above)
