"""Right of entry to the vendors' API: a bearer token."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from exports.models import ApiToken, hash_token


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`; the token itself says which vendor and which study."""

    def authenticate(self, request: Request) -> tuple[None, ApiToken] | None:
        parts = get_authorization_header(request).decode("latin-1").split()
        if len(parts) != 2 or parts[0].lower() != "bearer":
            return None
        token = (
            ApiToken.objects.valid()
            .select_related("vendor", "study__pool_sampler", "study__live_sampler")
            .filter(token_hash=hash_token(parts[1]))
            .first()
        )
        if token is None:
            raise AuthenticationFailed("This token is not known, has expired or was revoked.")
        return None, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasToken(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, ApiToken)
