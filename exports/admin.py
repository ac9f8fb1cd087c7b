"""Tokens of the vendors' API: looked at here, never their secret."""

from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from exports.admin_deliveries import DeliveryAdmin, WebhookAdmin
from exports.admin_files import ExportAdmin, ReleaseAdmin
from exports.models import ApiToken, Delivery, Export, Release, Webhook

admin.site.register(Webhook, WebhookAdmin)
admin.site.register(Delivery, DeliveryAdmin)
admin.site.register(Export, ExportAdmin)
admin.site.register(Release, ReleaseAdmin)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "vendor", "study", "created_at", "expires_at", "last_used_at")
