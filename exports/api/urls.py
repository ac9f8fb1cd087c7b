"""Everything under `/api/`: what is not listed here is answered with a problem, too."""

from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularYAMLAPIView

from exports.api.base import NothingHere
from exports.api.views import changes, docs, exports, files, people, streaming, studies

OPEN: dict[str, list[type]] = {"authentication_classes": [], "permission_classes": []}

version_1 = [
    path("", RedirectView.as_view(pattern_name="api-docs"), name="api-root"),
    path("openapi.yaml", SpectacularYAMLAPIView.as_view(**OPEN), name="api-openapi"),
    path("studies/", studies.Studies.as_view(), name="api-studies"),
    path("studies/<slug:study_key>/", studies.OneStudy.as_view(), name="api-study"),
    path("studies/<slug:study_key>/progress/", studies.Progress.as_view(), name="api-progress"),
    path("formats/", studies.Formats.as_view(), name="api-formats"),
    path(
        "exports/community-alignment.csv",
        streaming.CommunityAlignment.as_view(),
        name="export-community-alignment",
    ),
    path("changes", changes.Changes.as_view(), name="changes"),
    path("exports/", exports.Exports.as_view(), name="api-exports"),
    path("exports/<slug:export_id>/", exports.OneExport.as_view(), name="api-export"),
    path("exports/<slug:export_id>/readme/", exports.Readme.as_view(), name="api-readme"),
    path("exports/<slug:export_id>/file/", files.Download.as_view(), name="api-download"),
    path("people/", people.People.as_view(), name="api-people"),
    path("people/<path:person_id>/", people.OnePerson.as_view(), name="api-person"),
]

urlpatterns = [
    path("docs/", docs.browse, name="api-docs"),
    path("v1/", include(version_1)),
    re_path("", NothingHere.as_view()),
]
