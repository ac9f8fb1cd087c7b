"""Which texts of a study a research team writes in five languages."""

from modeltranslation.translator import TranslationOptions, register

from annotation.models import Study


@register(Study)
class StudyTranslation(TranslationOptions):
    fields = (
        "title",
        "summary",
        "guidelines",
        "own_prompt_instruction",
        "explanation_question",
    )
