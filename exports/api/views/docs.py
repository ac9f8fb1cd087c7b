"""The API's reference as a page, from the same description as docs/openapi.yaml."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from exports.api.reference import reference


@require_safe
def browse(request: HttpRequest) -> HttpResponse:
    """Open to all: it says nothing about any study."""
    context = {"reference": reference(), "site": settings.SITE_URL}
    return render(request, "exports/api.html", context)
