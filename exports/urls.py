from django.urls import path

from exports import api
from exports.api_feed import feed_view

urlpatterns = [
    path(
        "exports/community-alignment.csv",
        api.community_alignment_csv,
        name="export-community-alignment",
    ),
    path("changes", feed_view, name="changes"),
]
