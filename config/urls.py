from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("annotation.urls")),
    path("", include("insights.urls")),
    path("", include("exports.urls")),
    path("api/", include("exports.api.urls")),
    path("admin/", admin.site.urls),
]

# What goes wrong before a view is reached is told to programs in a program's words.
handler400 = "exports.api.problems.bad_request"
handler500 = "exports.api.problems.server_error"
