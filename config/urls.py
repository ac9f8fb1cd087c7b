from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("annotation.urls")),
    path("", include("insights.urls")),
    path("", include("exports.page_urls")),
    path("api/v1/", include("exports.urls")),
    path("admin/", admin.site.urls),
]
