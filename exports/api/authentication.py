"""Right of entry to the vendors' API: a bearer token."""

from django.conf import settings
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts.addresses import client_address
from exports.access.addresses import is_allowed
from exports.actions.tokens import note_use
from exports.api.throttling import count_failure
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
        # A good token is let in whatever others at its address have tried: several vendors can
        # share the address of a proxy, and nobody guesses 32 random bytes.
        if token is None:
            count_failure(request)
            raise AuthenticationFailed("This token is not known, has expired or was revoked.")
        check_address(request, token)
        note_use(token=token)
        return None, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def check_address(request: Request, token: ApiToken) -> None:
    """Raises PermissionDenied where the token is not to be used from where the request comes."""
    address = client_address(request.META, trusted_proxies=settings.TRUSTED_PROXIES)
    if not is_allowed(address, token.addresses):
        raise PermissionDenied(
            f"This token is not to be used from your address ({address or 'unknown'}): ask the "
            "research team to add it."
        )
