"""Which texts of this app a research team writes in five languages."""

from modeltranslation.translator import TranslationOptions, register

from accounts.models import ConsentDocument, ConsentStatement, Instrument, Option, Question


@register(ConsentDocument)
class ConsentDocumentTranslation(TranslationOptions):
    fields = ("title", "intro")


@register(ConsentStatement)
class ConsentStatementTranslation(TranslationOptions):
    fields = ("text",)


@register(Instrument)
class InstrumentTranslation(TranslationOptions):
    fields = ("title",)


@register(Question)
class QuestionTranslation(TranslationOptions):
    fields = ("text", "help")


@register(Option)
class OptionTranslation(TranslationOptions):
    fields = ("label",)
