from django.urls import path

from insights import views

urlpatterns = [
    path("healthz", views.health, name="health"),
    path("studies/<slug:key>/overlap/", views.overlap, name="study-overlap"),
]
