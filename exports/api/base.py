"""What every view of the API has in common."""

from typing import Any, cast

from django.http.response import HttpResponseBase
from django.utils import translation
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from exports.models import ApiToken


class ApiView(APIView):
    """Answers programs: in English whatever they accept, and never kept by a cache."""

    http_method_names = ("get", "head", "post")

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with translation.override("en"):
            response = super().dispatch(request, *args, **kwargs)
        response.headers.setdefault("Content-Language", "en")
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @property
    def token(self) -> ApiToken:
        return cast(ApiToken, self.request.auth)

    def read(self, serializer: type[BaseSerializer[Any]], data: Any) -> dict[str, Any]:
        """What was sent, checked. Raises ValidationError, which is answered with 422."""
        reader = serializer(data=data)
        reader.is_valid(raise_exception=True)
        return cast(dict[str, Any], reader.validated_data)


class NothingHere(ApiView):
    """Every other address under `/api/`."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound
