from django.urls import path

from insights import fieldwork_views, figures_views, plan_views, views

urlpatterns = [
    path("healthz", views.health, name="health"),
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
    path("studies/<slug:key>/figures/", figures_views.figures, name="study-figures"),
    path("studies/<slug:key>/figures/unlock/", figures_views.unlock, name="unlock-outcomes"),
    path("studies/<slug:key>/figures/<slug:figure>/", figures_views.figure, name="study-figure"),
    path(
        "studies/<slug:key>/figures/<slug:figure>.csv",
        figures_views.figure_csv,
        name="study-figure-csv",
    ),
]
