"""The health of the installation, for programs that ask."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from insights.health.parts import PARTS, examine


@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """Every part in plain words; 503 while one is missing. `?parts=database,broker` narrows."""
    wanted = [part for part in request.GET.get("parts", "").split(",") if part]
    if not set(wanted) <= set(PARTS):
        return JsonResponse({"ok": False, "words": f"parts are {', '.join(PARTS)}"}, status=400)
    findings = examine(wanted)
    ok = all(finding.ok for finding in findings)
    body = {
        "ok": ok,
        "parts": {finding.part: {"ok": finding.ok, "words": finding.words} for finding in findings},
    }
    return JsonResponse(body, status=200 if ok else 503, headers={"Cache-Control": "no-store"})
