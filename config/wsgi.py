"""The web process, as gunicorn loads it: `gunicorn config.wsgi`."""

import gc
import os
import threading
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from candidates.languages import load_detector

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
# All pages, now: else the first request of each process would wait two seconds for them.
import_module(settings.ROOT_URLCONF)
# What is loaded by now stays: the collector need not walk through it again and again, and
# workers that are forked share its memory.
gc.collect()
gc.freeze()
# Beside the first requests, so that none of them waits for it.
threading.Thread(target=load_detector, daemon=True).start()
