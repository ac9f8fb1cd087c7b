# Tasks find their application as soon as Django is set up.
from config.celery import app as celery_app

__all__ = ["celery_app"]
