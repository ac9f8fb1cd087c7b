"""The audit of a study, and of all studies: searched, paged, downloaded."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotation.actions.audit import record
from annotation.desk.audit_log import as_csv, search
from annotation.desk.team import member
from annotation.forms.desk import AuditForm
from annotation.models import AuditEntry, Study
from annotation.rights import Right, study_page

PAGE = 100  # lines


@require_GET
@study_page(Right.WATCH)
def of_study(request: HttpRequest, study: Study) -> HttpResponse:
    return _page(request, study, "desk/audit/study.html")


@require_GET
@login_required
def everything(request: HttpRequest) -> HttpResponse:
    """What no study's rights cover, such as signing in, is for superusers."""
    if not request.user.is_superuser:
        raise PermissionDenied
    return _page(request, None, "desk/audit/everything.html")


def _page(request: HttpRequest, study: Study | None, template: str) -> HttpResponse:
    form = AuditForm(request.GET, one_study=study is not None)
    form.is_valid()  # what is not understood is passed over, and said beside its field
    asked = {name: value for name, value in form.cleaned_data.items() if value}
    key = asked.pop("study", "")
    about = study or (Study.objects.filter(key=key).first() if key else None)
    found = search(reader=member(request), study=about, **asked)
    if key and about is None:
        found = found.none()
    if request.GET.get("format") == "csv":
        return _download(request, found, about)
    query = request.GET.copy()
    query.pop("page", None)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {"study": study, "form": form, "page": page, "query": query.urlencode()}
    return render(request, template, context)


def _download(
    request: HttpRequest, found: QuerySet[AuditEntry], study: Study | None
) -> HttpResponse:
    lines = list(as_csv(found.iterator(chunk_size=1000)))
    what = f"audit, {len(lines) - 1} lines"
    record(kind=AuditEntry.Kind.AUDIT_DOWNLOADED, what=what, by=member(request), study=study)
    name = f"audit-{study}.csv" if study else "audit.csv"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
    }
    return HttpResponse("".join(lines), content_type="text/csv; charset=utf-8", headers=headers)
