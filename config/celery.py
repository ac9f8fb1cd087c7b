"""The Celery application: two queues, so that a long export never delays a set.

Messages carry ids only. They may be lost at any moment (Redis flushed, a worker
killed): beat finds work that is due again in the database's own rows.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings

from config.heartbeat import Heartbeat

app = Celery("plurivox")
app.steps["worker"].add(Heartbeat)
app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_connection_retry_on_startup=True,
    # A broker that does not answer is told within seconds: pages never hang on it.
    broker_transport_options={
        "visibility_timeout": 3600,
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
    },
    broker_connection_timeout=2,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    task_default_queue="housekeeping",
    task_routes={"candidates.tasks.generate_candidate_set": {"queue": "generation"}},
    timezone="UTC",
    beat_scheduler="config.heartbeat:Scheduler",
    beat_schedule={
        "enqueue-due-candidate-sets": {
            "task": "candidates.tasks.enqueue_due_candidate_sets",
            "schedule": 10.0,
            "options": {"expires": 10},
        },
        "look-after-files": {
            "task": "exports.tasks.files.look_after_files",
            "schedule": 30.0,
            "options": {"expires": 30, "queue": "exports"},
        },
        "note-break-offs": {
            "task": "annotation.tasks.note_break_offs",
            "schedule": 600.0,
            "options": {"expires": 600},
        },
        "review-new-work": {
            "task": "annotation.tasks.review_new_work",
            "schedule": 600.0,
            "options": {"expires": 600},
        },
        "review-recent-work": {
            "task": "annotation.tasks.review_recent_work",
            "schedule": 3600.0,
            "options": {"expires": 3600},
        },
        "erase-past-retention": {
            "task": "annotation.tasks.erase_past_retention",
            "schedule": 21600.0,
            "options": {"expires": 21600},
        },
        "screen-texts": {
            "task": "exports.tasks.findings.screen_texts",
            "schedule": 600.0,
            "options": {"expires": 600, "queue": "exports"},
        },
        "send-due-deliveries": {
            "task": "exports.tasks.deliveries.send_due_deliveries",
            "schedule": 10.0,
            "options": {"expires": 10},
        },
    },
)
app.autodiscover_tasks()
