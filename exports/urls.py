"""The pages of what leaves; the API has its own addresses in `exports.urls`."""

from django.urls import path

from exports.views import comparing, people, privacy

urlpatterns = [
    path("studies/<slug:key>/risk/", privacy.risk, name="study-risk"),
    path(
        "studies/<slug:key>/personal-data/",
        privacy.personal_data,
        name="study-personal-data",
    ),
    path("vendors/<slug:key>/people/", people.people, name="vendor-people"),
    path("vendors/<slug:key>/compare/", comparing.compare_lists, name="vendor-compare"),
]
