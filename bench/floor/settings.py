"""The product's settings without what surrounds a view."""

import runpy
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Not imported: the package around them sets the broker up, which the floor does without.
globals().update(runpy.run_path(str(HERE.parent.parent / "config" / "settings.py")))

MIDDLEWARE: list[str] = []
# How the team signs in does not start without its middleware; its admin pages name it.
INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig" if name == "django.contrib.admin" else name
    for name in globals()["INSTALLED_APPS"]
    if not name.startswith("allauth")
]
ROOT_URLCONF = "bench.floor.urls"
WSGI_APPLICATION = "bench.floor.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
    }
]
