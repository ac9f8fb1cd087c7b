"""Staff, vendors, instruments. What people stored is read here and never written."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from modeltranslation.admin import TranslationAdmin
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.models import (
    Annotator,
    ConsentDocument,
    ConsentStatement,
    Instrument,
    Option,
    Question,
    User,
    Vendor,
)


class ReadOnlyAdmin(ModelAdmin):
    """For records that only actions write: to be looked at, not edited."""

    def page_context(self, record: Any) -> dict[str, Any]:
        """What a record's own page shows beyond its fields."""
        return {}

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        record = self.get_object(request, object_id) if object_id else None
        if record is not None and self.has_view_permission(request, record):
            extra_context = {**(extra_context or {}), **self.page_context(record)}
        return super().changeform_view(request, object_id, form_url, extra_context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Django's own, in the desk's look."""


@admin.register(Vendor)
class VendorAdmin(ModelAdmin):
    list_display = ("key", "name")


@admin.register(Annotator)
class AnnotatorAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "vendor", "created_at")
    list_filter = ("vendor",)


class StatementInline(StackedInline):
    model = ConsentStatement
    extra = 0
    can_delete = False


@admin.register(ConsentDocument)
class ConsentDocumentAdmin(ReadOnlyAdmin, TranslationAdmin[Any]):
    list_display = ("key", "version", "title")
    inlines: ClassVar = [StatementInline]


class QuestionInline(TabularInline):
    model = Question
    fields = ("code", "country", "kind", "text", "special_category")
    extra = 0
    can_delete = False
    show_change_link = True


@admin.register(Instrument)
class InstrumentAdmin(ReadOnlyAdmin, TranslationAdmin[Any]):
    list_display = ("key", "version", "title")
    inlines: ClassVar = [QuestionInline]


class OptionInline(TabularInline):
    model = Option
    extra = 0
    can_delete = False


@admin.register(Question)
class QuestionAdmin(ReadOnlyAdmin, TranslationAdmin[Any]):
    list_display = ("code", "country", "instrument", "text")
    inlines: ClassVar = [OptionInline]
