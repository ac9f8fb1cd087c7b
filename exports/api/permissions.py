"""What a token opens: data, or people, never both."""

from typing import Any, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from exports.models import Access, ApiToken


class OpensData(BasePermission):
    access: ClassVar[Access] = Access.DATA
    message = "This token opens people. Data have a token of their own."

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, ApiToken) and request.auth.access == self.access


class OpensPeople(OpensData):
    access = Access.PEOPLE
    message = "This token opens data. People have a token of their own."
