"""The Celery application. Beat knows one entry per job; every cadence is a class attribute or a row."""

import os

from celery import Celery

from config import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

broker.install()

app = Celery("lineside")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
