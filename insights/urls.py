from django.urls import path

from insights import plan_views, views

urlpatterns = [
    path("healthz", views.health, name="health"),
    path("studies/<slug:key>/overlap/", views.overlap, name="study-overlap"),
    path("studies/<slug:key>/plan/", plan_views.plan, name="study-plan"),
]
