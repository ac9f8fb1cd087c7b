"""Who of the team is asking, and what a page tells her about an act."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.models import User


def member(request: HttpRequest) -> User:
    """The member of the team; only for pages that nobody else may open."""
    assert isinstance(request.user, User)
    return request.user


def told(request: HttpRequest, act: Callable[[], object], done: str = "") -> bool:
    """Does it, and whether it was done: else the next page says in one sentence why not."""
    try:
        act()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    if done:
        messages.success(request, done)
    return True
