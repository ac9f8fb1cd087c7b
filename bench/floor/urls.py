from django.urls import path

from bench.floor import views

urlpatterns = [
    path("next/<int:person>/", views.next_item),
    path("turns/<int:turn>/ranking/", views.ranking),
]
