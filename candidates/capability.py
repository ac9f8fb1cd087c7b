"""What form of answer an endpoint can be made to give: found out by asking, once.

Real servers honour a JSON schema, or answer 500 to it and accept `json_object` or a
forced tool call, or ignore it all and return prose. The best form that answers a
small question rightly is kept; the engine validates every answer all the same.
"""

from threading import Lock

from candidates import llm
from candidates.answer_forms import form_instruction, parse_responses
from candidates.models import ModelEndpoint, StructuredOutput

FORMS = (
    StructuredOutput.JSON_SCHEMA,
    StructuredOutput.JSON_OBJECT,
    StructuredOutput.TOOL,
    StructuredOutput.DELIMITERS,
)
PROBE_PARTS = 2
# Errors that mean "I cannot do that" when a plain question was just answered.
CANNOT = {400, 404, 415, 422, 500, 501}

_asking = Lock()


def output_form(endpoint: ModelEndpoint) -> str:
    """The endpoint's form, asked for where nobody has yet. Raises llm.ProviderError."""
    if endpoint.structured_output != StructuredOutput.UNKNOWN:
        return endpoint.structured_output
    with _asking:  # the threads of one worker need not all ask
        known = ModelEndpoint.objects.values_list("structured_output", flat=True).get(
            pk=endpoint.pk
        )
        form = known if known != StructuredOutput.UNKNOWN else _find_out(endpoint)
        ModelEndpoint.objects.filter(pk=endpoint.pk).update(structured_output=form)
        endpoint.structured_output = form
    return form


def _find_out(endpoint: ModelEndpoint) -> str:
    # A healthy server first: its errors to what follows then speak of the form.
    llm.complete(endpoint, messages=[{"role": "user", "content": "Say hello."}], parameters={})
    for form in FORMS:
        try:
            reply = llm.complete(
                endpoint,
                messages=[
                    {"role": "system", "content": form_instruction(form, PROBE_PARTS)},
                    {"role": "user", "content": "Greet me in two different ways."},
                ],
                parameters={},
                parts=PROBE_PARTS,
                form=form,
            )
        except llm.ProviderError as error:
            if error.status not in CANNOT:
                raise
            continue
        if len(parse_responses(reply.text, form)) == PROBE_PARTS:
            return form
    return StructuredOutput.DELIMITERS
