"""So many requests a minute: per token, and per address for attempts that fail."""

from typing import Any

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.addresses import client_address
from exports.access.allowance import take
from exports.models import ApiToken


class TokenThrottle(BaseThrottle):
    """Requests a minute of one token, whatever they ask for."""

    seconds: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        if isinstance(request.auth, ApiToken):
            limit = settings.API_REQUESTS_PER_MINUTE
            self.seconds = take("token", str(request.auth.pk), per_minute=limit)
        return self.seconds is None

    def wait(self) -> float | None:
        return self.seconds


def count_failure(request: Request) -> None:
    """Counts a failed attempt of an address. Raises Throttled where there were too many."""
    address = client_address(request.META, trusted_proxies=settings.TRUSTED_PROXIES)
    seconds = take("failures", address, per_minute=settings.API_FAILURES_PER_MINUTE)
    if seconds is not None:
        raise Throttled(seconds)
