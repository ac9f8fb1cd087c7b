"""The pages of what leaves; the API has its own addresses in `exports.urls`."""

from django.urls import path

from exports import comparing_views, vendor_views
from exports import views as views_privacy

urlpatterns = [
    path("studies/<slug:key>/risk/", views_privacy.risk, name="study-risk"),
    path(
        "studies/<slug:key>/personal-data/",
        views_privacy.personal_data,
        name="study-personal-data",
    ),
    path("vendors/<slug:key>/people/", vendor_views.people, name="vendor-people"),
    path("vendors/<slug:key>/compare/", comparing_views.compare_lists, name="vendor-compare"),
]
