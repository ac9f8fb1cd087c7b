"""Exports and releases: looked at, fetched, and releases asked for."""

from collections.abc import Iterable
from typing import Any, ClassVar, cast

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from annotation.admin_studies import StudyRecordsAdmin
from annotation.rights import Right, studies_for
from exports.access.transfers import AllTaken, Transfer, connection_of
from exports.actions.downloading import note_download
from exports.files.ranges import Part
from exports.files.readme import readme
from exports.forms.labels import (
    CONTAINERS,
    FORMATS,
    LICENCE_NAMES,
    TIMES,
    options_in_words,
    word,
)
from exports.forms.releases import ReleaseForm
from exports.models import Export, Release, State


class FileAdmin(StudyRecordsAdmin):
    """One row a file: its state in words, its checksum, and the file itself."""

    list_select_related = ("study", "requested_by")
    list_filter = ("state", "study")
    readonly_fields: ClassVar[tuple[str, ...]] = ("state_in_words", "download", "rows_in_words")
    exclude: ClassVar[tuple[str, ...]] = ("state", "leased_until", "attempts", "rows")
    ordering = ("-pk",)

    @admin.display(description=_("state"), ordering="state")
    def state_in_words(self, row: Export | Release) -> str:
        if row.error:
            return f"{row.get_state_display()}: {row.error}"
        if row.is_empty:
            return str(_("ready; nothing matches, so that it holds no rows"))
        return row.get_state_display()

    @admin.display(description=_("rows"))
    def rows_in_words(self, row: Export | Release) -> str:
        return _lines((word(FORMATS, name), number) for name, number in row.rows.items())

    @admin.display(description=_("file"))
    def download(self, row: Export | Release) -> str:
        if row.state != State.READY:
            return "–"
        return format_html('<a href="{}">{}</a>', reverse(self._name(), args=[row.pk]), row.name)

    def _name(self) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_download"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.send)
        name = self._name().removeprefix("admin:")
        return [path("<int:pk>/download/", view, name=name), *super().get_urls()]

    def send(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The file, to whoever may see its row."""
        row = self.get_object(request, str(pk))
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        file = settings.EXPORTS_DIR / row.name if row and row.state == State.READY else None
        if row is None or file is None or not file.is_file():
            raise Http404
        size = file.stat().st_size
        whose, connection = f"user:{request.user.pk}", connection_of(request)
        try:
            transfer = Transfer(file, Part(0, size - 1), recipient=whose, connection=connection)
        except AllTaken:
            said = _("As many files are fetched as can be at once: try again in a minute.")
            self.message_user(request, said, messages.ERROR)
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", pk)
        note_download(file=row, by=cast(User, request.user))
        headers = {
            "Cache-Control": "private, no-store",
            "Content-Disposition": content_disposition_header(True, row.name) or "",
            "Content-Length": str(size),
            "Content-Type": "application/octet-stream",
            "ETag": f'"{row.sha256}"',
        }
        return StreamingHttpResponse(transfer, headers=headers)


def _lines(pairs: Iterable[tuple[str, Any]]) -> str:
    """One a line: what, and its value."""
    return format_html_join(mark_safe("<br>"), "{}: {}", pairs) or "–"


class ExportAdmin(FileAdmin):
    list_display = (
        *("format", "container", "study", "vendor", "state_in_words", "requested_at"),
        *("data_until", "size", "sha256", "download", "readme"),
    )
    readonly_fields = (*FileAdmin.readonly_fields, "format_in_words", "options_in_words", "readme")
    exclude = (*FileAdmin.exclude, "format", "container", "options")

    @admin.display(description=_("format"))
    def format_in_words(self, row: Export) -> str:
        return f"{word(FORMATS, row.format)} · {word(CONTAINERS, row.container)}"

    @admin.display(description=_("settings"))
    def options_in_words(self, row: Export) -> str:
        return _lines(options_in_words(row.options))

    @admin.display(description=_("what it holds"))
    def readme(self, row: Export) -> str:
        if row.state != State.READY:
            return "–"
        address = reverse("admin:exports_export_readme", args=[row.pk])
        return format_html('<a href="{}">README.md</a>', address)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.tell)
        return [path("<int:pk>/readme/", view, name="exports_export_readme"), *super().get_urls()]

    def tell(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The text beside the file, to whoever may see its row."""
        row = self.get_object(request, str(pk))
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if row is None or row.state != State.READY:
            raise Http404
        headers = {"Cache-Control": "private, no-store"}
        return HttpResponse(
            readme(row), content_type="text/markdown; charset=utf-8", headers=headers
        )


class ReleaseAdmin(FileAdmin):
    list_display = (
        *("study", "version", "tier", "licence", "state_in_words", "requested_at"),
        *("data_until", "size", "sha256", "download"),
    )
    # Its settings name rows of people whose answers were cut out.
    exclude = (*FileAdmin.exclude, "settings", "formats", "licence")
    readonly_fields = (
        *FileAdmin.readonly_fields,
        *("formats_in_words", "licence_in_words", "times_in_words"),
    )

    @admin.display(description=_("formats"))
    def formats_in_words(self, row: Release) -> str:
        return _lines(
            (word(FORMATS, name), word(CONTAINERS, kept)) for name, kept in row.formats.items()
        )

    @admin.display(description=_("licence"))
    def licence_in_words(self, row: Release) -> str:
        return word(LICENCE_NAMES, row.licence)

    @admin.display(description=_("times leave"))
    def times_in_words(self, row: Release) -> str:
        return word(TIMES, row.settings.get("times", ""))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("exports.add_release")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Asks for a release. The same form again finds the one that is being made."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        posted = request.POST if request.method == "POST" else None
        form = ReleaseForm(
            posted,
            initial={"study": request.GET.get("study", "")},
            studies=studies_for(request.user, Right.RELEASE),
        )
        release = form.ask(by=cast(User, request.user)) if form.is_valid() else None
        if release:
            self.message_user(request, _("The release was asked for: a worker makes it now."))
            return redirect("admin:exports_release_change", release.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("A new release"),
            "form": form,
            "media": form.media,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/exports/release/add.html", context, status=status)
