"""Sessions in the database, as Django keeps them, found by a prepared question."""

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from annotation.queries.prepared import prepared


@prepared
def _alive(*, key: str, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=now)


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Any:
        found = next(iter(_alive(key=self.session_key, now=timezone.now())), None)
        if found is None:
            self._session_key = None
        return found
