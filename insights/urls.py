from django.urls import path

from insights import fieldwork_views, plan_views, views
from insights.watch import views as watch_views

urlpatterns = [
    path("healthz", views.health, name="health"),
    path("studies/<slug:key>/watch/", watch_views.watch, name="study-watch"),
    path(
        "studies/<slug:key>/watch/<slug:panel>/",
        watch_views.watch_panel,
        name="study-watch-panel",
    ),
    path("studies/<slug:key>/overlap/", views.overlap, name="study-overlap"),
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
]
