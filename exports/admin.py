"""Tokens of the vendors' API: looked at here, never their secret."""

from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from exports.admin_files import ExportAdmin, ReleaseAdmin
from exports.models import ApiToken, Export, Release

admin.site.register(Export, ExportAdmin)
admin.site.register(Release, ReleaseAdmin)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "vendor", "study", "created_at", "expires_at", "last_used_at")
