"""Staff, vendors, instruments. What people stored is read here and never written."""

from typing import Any, ClassVar, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from modeltranslation.admin import TranslationAdmin
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.acting import acting
from accounts.forms import ReasonForm
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
from accounts.signing_in import reset_second_factor


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


# How people sign in is changed on their own pages and by actions, never by hand; what Django
# keeps of groups gives nothing here (docs/roles.md).
for hidden in (
    *(Group, EmailAddress, Authenticator, UserSession),
    *(SocialAccount, SocialApp, SocialToken),
):
    if admin.site.is_registered(hidden):
        admin.site.unregister(hidden)


@admin.register(User)
class TeamUserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """Accounts, for administrators alone. What an account may is its roles, not its row."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    list_display = ("username", "email", "is_staff", "is_superuser", "is_active", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Desk"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        with acting(cast(User, request.user)):
            super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        with acting(cast(User, request.user)):
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        with acting(cast(User, request.user)):
            super().delete_queryset(request, queryset)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reset_second_factor)
        name = "accounts_user_second_factor"
        return [path("<int:pk>/second-factor/", view, name=name), *super().get_urls()]

    def reset_second_factor(self, request: HttpRequest, pk: int) -> HttpResponse:
        """For who has lost hers: takes it away, and ends her sessions."""
        user = get_object_or_404(User, pk=pk)
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            by, why = cast(User, request.user), form.cleaned_data["why"]
            reset_second_factor(user=user, by=by, why=why)
            self.message_user(request, _("The second factor is taken away."))
            return redirect("admin:accounts_user_change", pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Take the second factor away"),
            "account": user,
            "form": form,
            "changes": user.account_changes.select_related("by"),
        }
        page = "admin/accounts/user/second_factor.html"
        return TemplateResponse(request, page, context, status=422 if form.errors else 200)


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
