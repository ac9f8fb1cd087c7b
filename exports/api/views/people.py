"""The vendor's own people, under the vendor's own ids. No research data, no pseudonym."""

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from exports.actions.inviting import invite_people
from exports.api.base import ApiView
from exports.api.paging import cut, last_of, next_page
from exports.api.permissions import OpensPeople
from exports.api.problems import Conflict
from exports.api.schema import described
from exports.api.serializers.people import (
    InvitationRequestSerializer,
    InvitedListSerializer,
    PersonPageSerializer,
    PersonSerializer,
)
from exports.api.serializers.strict import PageQuery
from exports.vendors.people import describe, people_of
from exports.vendors.telling import told_to


class PeopleView(ApiView):
    tag = "people"
    permission_classes = (OpensPeople,)


class People(PeopleView):
    @described(
        name="list_people",
        summary="Your people",
        answers={200: PersonPageSerializer},
        problems=[422],
        parameters=[PageQuery],
    )
    def get(self, request: Request) -> Response:
        """Who was invited or takes part, in the order of your ids."""
        asked = self.read(PageQuery, request.query_params)
        rows = people_of(self.token.study, self.token.vendor)
        items, more = cut(rows.filter(external_id__gt=asked["after"]), asked["limit"])
        after = last_of(items, "external_id")
        told = told_to(self.token.vendor, self.token.study)
        page = {
            "items": [describe(identity, told) for identity in items],
            "next": next_page(request, after=after, limit=asked["limit"], more=more),
        }
        return Response(PersonPageSerializer(page).data)

    @described(
        name="invite_people",
        summary="Invite people",
        request=InvitationRequestSerializer,
        answers={200: InvitedListSerializer},
        problems=[400, 409, 413, 415, 422],
    )
    def post(self, request: Request) -> Response:
        """Up to 1,000 of your ids; each gets an address of her own. The same ids again get
        the same addresses."""
        asked = self.read(InvitationRequestSerializer, request.data)
        try:
            items = invite_people(
                study=self.token.study,
                vendor=self.token.vendor,
                external_ids=asked["ids"],
                link_key=asked["link"],
            )
        except ValidationError as error:
            raise Conflict(error.messages[0]) from None
        return Response(InvitedListSerializer({"items": items}).data)


class OnePerson(PeopleView):
    @described(
        name="read_person",
        summary="One of your people",
        answers={200: PersonSerializer},
        problems=[404],
    )
    def get(self, request: Request, person_id: str) -> Response:
        """Where she stands, what was decided about her work, and what is due to her."""
        rows = people_of(self.token.study, self.token.vendor)
        # PostgreSQL holds no text with this character: nobody can have such an id.
        found = None if "\0" in person_id else rows.filter(external_id=person_id).first()
        if found is None:
            raise NotFound
        told = told_to(self.token.vendor, self.token.study)
        return Response(PersonSerializer(describe(found, told)).data)
