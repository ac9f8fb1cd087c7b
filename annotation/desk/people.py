"""People whom the team has to find: by what they hold in their hands, and who was left out."""

from django.core import signing
from django.db.models import Q, QuerySet

from accounts.models import Annotator, Answer, Vendor
from annotation.models import Exclusion, Participation, Study

CHOSEN_SALT = "annotation.person-to-erase"
CHOSEN_SECONDS = 15 * 60


def find_person(
    study: Study, *, code: str = "", vendor: Vendor | None = None, external_id: str = ""
) -> Participation | None:
    """Somebody of this study by her receipt or number, or by a vendor's own id of her; exactly
    as it stands there. None: nobody."""
    people = Participation.objects.filter(study=study).select_related("study", "annotator")
    if code:
        return people.filter(Q(receipt__public_id=code) | Q(public_id=code)).first()
    if vendor is None or not external_id:
        return None
    known = Annotator.objects.filter(
        externalidentity__vendor=vendor, externalidentity__external_id=external_id
    )
    return people.filter(annotator__in=known).first()


def sign_person(participation: Participation) -> str:
    """Carries who was found to the form that confirms, for a quarter of an hour."""
    return signing.dumps(participation.pk, salt=CHOSEN_SALT)


def signed_person(study: Study, signed: str) -> Participation | None:
    """The person of such a text; None for another study's, a changed or an old one."""
    try:
        pk = signing.loads(signed, salt=CHOSEN_SALT, max_age=CHOSEN_SECONDS)
    except signing.BadSignature:
        return None
    return Participation.objects.filter(study=study, pk=pk).first()


def left_out(study: Study) -> QuerySet[Participation]:
    """Who is left out now, the latest first, with what led to it."""
    out = study.participations.filter(excluded_at__isnull=False, withdrawn_at=None)
    return (
        out.select_related("locale")
        .prefetch_related("exclusions__by", "exclusions__flag")
        .order_by("-excluded_at")
    )


def last_change(participation: Participation) -> Exclusion | None:
    """How she was last left out or taken back by hand; None: only by notes, or never."""
    last = participation.exclusions.order_by("-pk").first()
    return last if last and last.flag_id is None else None


def answers_about_herself(participation: Participation) -> list[tuple[str, str]]:
    """Question and answer, of this study's questionnaires alone."""
    study = participation.study
    answers = Answer.objects.filter(
        annotator=participation.annotator_id,
        question__instrument__in=study.instrument_ids(),
        status=Answer.Status.ANSWERED,
    ).select_related("question", "option")
    return [
        (str(answer.question.text), str(answer.option.label if answer.option else answer.number))
        for answer in answers.order_by("question__instrument", "question__position")
    ]
