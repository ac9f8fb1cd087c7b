from django.urls import path

from insights.fieldwork import views as fieldwork_views
from insights.figures import views as figures_views
from insights.health import views as health_views
from insights.overlap import views as overlap_views
from insights.plan import views as plan_views
from insights.preflight import views as preflight_views
from insights.running import views as running_views
from insights.topics import views as topics_views
from insights.watch import views as watch_views

urlpatterns = [
    path("healthz", health_views.health, name="health"),
    path("studies/<slug:key>/watch/", watch_views.watch, name="study-watch"),
    path(
        "studies/<slug:key>/watch/<slug:panel>/",
        watch_views.watch_panel,
        name="study-watch-panel",
    ),
    path("studies/<slug:key>/overlap/", overlap_views.overlap, name="study-overlap"),
    path("studies/<slug:key>/pace/", fieldwork_views.pace, name="study-pace"),
    path(
        "studies/<slug:key>/dispositions/", fieldwork_views.dispositions, name="study-dispositions"
    ),
    path("studies/<slug:key>/soft-launch/", fieldwork_views.soft_launch, name="study-soft-launch"),
    path(
        "studies/<slug:key>/soft-launch/<int:locale>/<slug:phase>/sign/",
        fieldwork_views.soft_launch_sign,
        name="soft-launch-sign",
    ),
    path("studies/<slug:key>/plan/", plan_views.plan, name="study-plan"),
    path("studies/<slug:key>/figures/", figures_views.figures, name="study-figures"),
    path("studies/<slug:key>/figures/unlock/", figures_views.unlock, name="unlock-outcomes"),
    path("studies/<slug:key>/figures/<slug:figure>/", figures_views.figure, name="study-figure"),
    path(
        "studies/<slug:key>/figures/<slug:figure>.csv",
        figures_views.figure_csv,
        name="study-figure-csv",
    ),
    path("studies/<slug:key>/topics/", topics_views.topics, name="study-topics"),
    path("studies/<slug:key>/topics/themes/", topics_views.themes, name="study-themes"),
    path(
        "studies/<slug:key>/topics/themes/<int:number>.csv",
        topics_views.theme_sheet,
        name="study-theme-sheet",
    ),
    path(
        "studies/<slug:key>/topics/themes/<int:number>/languages.csv",
        topics_views.theme_languages,
        name="study-theme-languages",
    ),
    path("studies/<slug:key>/preflight/", preflight_views.study_preflight, name="study-preflight"),
    path("studies/<slug:key>/run/", running_views.study_run, name="study-run"),
    path("studies/<slug:key>/run/open/", running_views.study_open, name="study-open"),
    path("studies/<slug:key>/run/pause/", running_views.study_pause, name="study-pause"),
    path("studies/<slug:key>/run/resume/", running_views.study_resume, name="study-resume"),
    path("studies/<slug:key>/run/close/", running_views.study_close, name="study-close"),
    path(
        "studies/<slug:key>/run/previews/remove/",
        running_views.previews_remove,
        name="previews-remove",
    ),
    path(
        "studies/<slug:key>/run/plans/<int:number>/",
        running_views.plan_download,
        name="plan-download",
    ),
]
