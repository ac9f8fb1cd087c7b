"""The product's settings without what surrounds a view."""

import runpy
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Not imported: the package around them sets the broker up, which the floor does without.
globals().update(runpy.run_path(str(HERE.parent.parent / "config" / "settings.py")))

MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bench.floor.urls"
WSGI_APPLICATION = "bench.floor.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
    }
]
