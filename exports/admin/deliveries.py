"""Webhooks are made here and show their key; what was sent is looked at and sent again."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from annotation.admin_studies import StudyRecordsAdmin
from annotation.models import Study
from annotation.rights import Right, studies_for
from exports.actions.delivering import create_webhook, disable_webhook, send_again
from exports.models import Delivery, Event, Webhook
from exports.vendors.deliveries import check_webhook, secret_of


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]
    url = forms.URLField(max_length=500, assume_scheme="https")
    events = forms.MultipleChoiceField(choices=Event.choices, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = Webhook
        fields = ("vendor", "study", "url", "events")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "url" in cleaned and "events" in cleaned:
            check_webhook(url=cleaned["url"], events=cleaned["events"])
        return cleaned


class WebhookAdmin(StudyRecordsAdmin):
    """A webhook is never edited: another address is another webhook, with another key."""

    form = WebhookForm
    list_display = ("url", "vendor", "study", "events", "created_at", "disabled_at")
    list_select_related = ("vendor", "study")
    actions = ("disable",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "add")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **more: Any) -> Any:
        """She may name studies whose data she may give away."""
        if db_field.related_model is Study:
            more["queryset"] = studies_for(request.user, Right.RELEASE).order_by("key")
        return super().formfield_for_foreignkey(db_field, request, **more)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        may_see_key = obj is not None and self.has_add_permission(request)
        return ("secret",) if may_see_key else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fields = ("vendor", "study", "url", "events")
        if obj is None:
            return fields
        return (*fields, "created_at", "disabled_at", *self.get_readonly_fields(request, obj))

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        made = create_webhook(
            vendor=obj.vendor,
            study=obj.study,
            url=obj.url,
            events=obj.events,
            by=cast(User, request.user),
        )
        obj.pk, obj.public_id = made.pk, made.public_id

    @admin.display(description=_("key for the receiver"))
    def secret(self, webhook: Webhook) -> str:
        return secret_of(webhook)

    @admin.action(description=_("Send nothing more to these"), permissions=["add"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        for webhook in queryset:
            disable_webhook(webhook=webhook, by=cast(User, request.user))


class DeliveryAdmin(StudyRecordsAdmin):
    list_display = (
        "message_id", "event", "webhook", "created_at", "attempts", "due_at",
        "delivered_at", "given_up_at", "last_answer",
    )  # fmt: skip
    list_filter = ("event", ("given_up_at", admin.EmptyFieldListFilter), "webhook")
    list_select_related = ("webhook__vendor", "webhook__study")
    actions = ("send_these_again",)

    def study_of(self, record: Delivery) -> Study | None:
        of = record.webhook or record.participation
        return of.study if of else None

    def only_own(self, request: HttpRequest, records: QuerySet[Delivery]) -> QuerySet[Delivery]:
        if request.user.is_superuser:
            return records
        own = studies_for(request.user, Right.RELEASE)
        return records.filter(
            Q(webhook__study__in=own) | Q(webhook=None, participation__study__in=own)
        )

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("exports.change_delivery")

    @admin.action(description=_("Send again"), permissions=["send"])
    def send_these_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        sent = send_again(deliveries=queryset, by=cast(User, request.user))
        said = ngettext("%(n)d message is sent again.", "%(n)d messages are sent again.", sent)
        messages.success(request, said % {"n": sent})
