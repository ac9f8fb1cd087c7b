"""Which phase a page or a command speaks of: one at a time, never several together."""

from annotation.models import Phase, Slot, Study


def chosen_phase(asked: str) -> Phase:
    """The phase of this name; the main phase where none, or an unknown one, is named."""
    return Phase(asked) if asked in Phase.values else Phase.MAIN


def phases_in_use(study: Study, shown: str) -> list[Phase]:
    """Those of which the study has people or places, in their order, and the one shown."""
    people = study.participations.order_by().values_list("phase", flat=True).distinct()
    places = Slot.objects.filter(locale__study=study).order_by().values_list("phase", flat=True)
    used = {*people, *places.distinct(), shown}
    return [phase for phase in Phase if phase.value in used]
