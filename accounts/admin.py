"""Staff, vendors, instruments. What people stored is read here and never written."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from modeltranslation.admin import TranslationAdmin

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


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """For records that only actions write: to be looked at, not edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


admin.site.register(User, UserAdmin)


@admin.register(Vendor)
class VendorAdmin(admin.ModelAdmin[Vendor]):
    list_display = ("key", "name")


@admin.register(Annotator)
class AnnotatorAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "vendor", "created_at")
    list_filter = ("vendor",)


class StatementInline(admin.StackedInline[ConsentStatement, ConsentDocument]):
    model = ConsentStatement
    extra = 0
    can_delete = False


@admin.register(ConsentDocument)
class ConsentDocumentAdmin(ReadOnlyAdmin, TranslationAdmin[Any]):
    list_display = ("key", "version", "title")
    inlines: ClassVar = [StatementInline]


class QuestionInline(admin.TabularInline[Question, Instrument]):
    model = Question
    fields = ("code", "country", "kind", "text", "special_category")
    extra = 0
    can_delete = False
    show_change_link = True


@admin.register(Instrument)
class InstrumentAdmin(ReadOnlyAdmin, TranslationAdmin[Any]):
    list_display = ("key", "version", "title")
    inlines: ClassVar = [QuestionInline]


class OptionInline(admin.TabularInline[Option, Question]):
    model = Option
    extra = 0
    can_delete = False


@admin.register(Question)
class QuestionAdmin(ReadOnlyAdmin, TranslationAdmin[Any]):
    list_display = ("code", "country", "instrument", "text")
    inlines: ClassVar = [OptionInline]
