from django.urls import path

from exports import api

urlpatterns = [
    path(
        "exports/community-alignment.csv",
        api.community_alignment_csv,
        name="export-community-alignment",
    ),
]
