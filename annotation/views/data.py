"""What the study holds about a person: to read, to take along, to withdraw, to erase."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotation.access import ParticipantRequest, participant_required
from annotation.actions import withdrawal as act
from annotation.models import Receipt
from annotation.own_data import collect, summarise, window_that_is_over


@require_GET
@participant_required
def your_data(request: ParticipantRequest) -> HttpResponse:
    participation = request.participation
    context = {
        "participation": participation,
        "study": participation.study,
        "summary": summarise(participation),
        "return_url": request.build_absolute_uri(
            reverse("come-back", args=[participation.return_token])
        ),
        "erased": "erased" in request.GET,
    }
    return render(request, "annotation/your_data.html", context)


@require_GET
@participant_required
def data_download(request: ParticipantRequest) -> HttpResponse:
    """Everything, as a file."""
    response = JsonResponse(
        collect(request.participation), json_dumps_params={"ensure_ascii": False, "indent": 2}
    )
    name = f"plurivox-{timezone.now():%Y-%m-%d}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@participant_required
def withdraw(request: ParticipantRequest) -> HttpResponse:
    """One page that says what happens; its button does it."""
    participation = request.participation
    if request.method == "POST":
        act.withdraw(participation=participation)
        if "erase" in request.POST:
            return _erase(request)
    if participation.withdrawn_at:
        return redirect("your-data")
    context = {
        "participation": participation,
        "study": participation.study,
        "promised_until": window_that_is_over(participation),
    }
    return render(request, "annotation/withdraw.html", context)


@require_POST
@participant_required
def erase(request: ParticipantRequest) -> HttpResponse:
    """For somebody who withdrew before and now wants her words gone too."""
    return _erase(request)


def _erase(request: ParticipantRequest) -> HttpResponse:
    act.erase_texts(participation=request.participation)
    return redirect(f"{reverse('your-data')}?erased")


@require_GET
@participant_required
def receipt(request: ParticipantRequest) -> HttpResponse:
    """That she withdrew, and what was erased: to print or to keep."""
    found = get_object_or_404(Receipt, participation=request.participation)
    context = {"receipt": found, "study": request.participation.study}
    return render(request, "annotation/receipt.html", context)
