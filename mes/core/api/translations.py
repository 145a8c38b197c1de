"""Translations of a row's texts over HTTP: by text and language, as the admin has them."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from mes.core.api.fields import TextField
from mes.core.api.input import Input
from mes.core.tongues import TranslationsField


class WordsField(serializers.Field):
    """A text in some of the languages of terminals: ``{"de": "Grat"}``."""

    default_error_messages = {"type_invalid": 'Send the text by language, like {{"de": "Grat"}}.'}

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        self.text = TextField(max_length=max_length)
        super().__init__(required=False, default=dict, **kwargs)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            self.fail("type_invalid")
        known, words, wrong = dict(settings.LANGUAGES), {}, {}
        for language, text in list(data.items())[:100]:
            if language not in known:
                wrong[language] = [ErrorDetail(f"Terminals speak {', '.join(known)}.", code="language_unknown")]
                continue
            try:
                words[language] = self.text.to_internal_value(text)
            except ValidationError as error:
                wrong[language] = error.detail
        if wrong:
            raise ValidationError(wrong)
        return words

    def to_representation(self, value: dict[str, str]) -> dict[str, str]:
        return value

    def describe(self) -> dict[str, Any]:
        one = self.text.describe()
        return {
            "type": "object",
            "properties": {code: one for code, _ in settings.LANGUAGES},
            "additionalProperties": False,
        }


def words_of(model: Any) -> dict[str, WordsField]:
    """Return a field for each text of the model that may be translated, for a body that has them all."""
    texts: TranslationsField = model._meta.get_field("translations")
    return {name: WordsField(max_length=model._meta.get_field(name).max_length) for name in texts.of}


def translations_of(model: Any) -> type[Input]:
    """Return the body that says all translations of a row: what is left out is not translated any more."""
    doc = "Every translation of the row, by text and language; what is left out is not translated any more."
    return type(f"{model.__name__}Translations", (Input,), {"__doc__": doc, **words_of(model)})


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": {"type": "string"}}}
)
class ToldTranslations(serializers.Field):
    """What was translated, by text and language."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, help_text='By text and language: {"name": {"de": "Grat"}}.', **kwargs)

    def to_representation(self, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        return value
