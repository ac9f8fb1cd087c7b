"""The dashboard's pages of what leaves, one file a subject."""

from django.contrib import admin

from exports.admin.deliveries import DeliveryAdmin, WebhookAdmin
from exports.admin.files import ExportAdmin, ReleaseAdmin
from exports.admin.tokens import ApiTokenAdmin
from exports.models import ApiToken, Delivery, Export, Release, Webhook

admin.site.register(ApiToken, ApiTokenAdmin)
admin.site.register(Webhook, WebhookAdmin)
admin.site.register(Delivery, DeliveryAdmin)
admin.site.register(Export, ExportAdmin)
admin.site.register(Release, ReleaseAdmin)
