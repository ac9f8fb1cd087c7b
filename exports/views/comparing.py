"""A vendor's list of statuses beside our outcomes, for the vendor's own manager. Stores nothing."""

import io
from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import Vendor
from exports.forms.comparing import ComparisonForm
from exports.vendors.reconciling import Compared, Verdict, compare, write
from exports.vendors.telling import told_to
from exports.views.people import vendor_page

SHOWN = 500  # differences
VERDICTS = {
    Verdict.AGREE: _("the same"),
    Verdict.DIFFERING: _("differing"),
    Verdict.OURS_ONLY: _("not in your list"),
    Verdict.THEIRS_ONLY: _("not known here"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@vendor_page
def compare_lists(request: HttpRequest, vendor: Vendor) -> HttpResponse:
    """Who differs, as a table; with `as=csv` everybody, as a file."""
    posted = request.method == "POST"
    form = ComparisonForm(
        *((request.POST, request.FILES) if posted else (None, None)), vendor=vendor
    )
    context = {"vendor": vendor, "form": form}
    if form.is_valid():
        link = form.cleaned_data["link"]
        told = told_to(vendor, link.study)
        rows = compare(link=link, theirs=form.cleaned_data["theirs"], told=told)
        if request.POST.get("as") == "csv":
            return _file(rows, f"{vendor.key}-{link.study.key}-compared.csv")
        context |= _result(rows)
    status = 422 if form.errors else 200
    return render(request, "exports/vendor_compare.html", context, status=status)


def _result(rows: list[Compared]) -> dict[str, object]:
    counts = Counter(row.verdict for row in rows)
    differing = [row for row in rows if row.verdict != Verdict.AGREE]
    return {
        "counts": [(words, counts[verdict]) for verdict, words in VERDICTS.items()],
        "rows": [(row, VERDICTS[row.verdict]) for row in differing[:SHOWN]],
        "more": max(0, len(differing) - SHOWN),
    }


def _file(rows: list[Compared], name: str) -> HttpResponse:
    text = io.StringIO()
    list(write(rows, text))
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)
