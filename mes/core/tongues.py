"""Texts of data in several languages: what was entered is the source; translations stand beside it, in the same row.

A model says with a ``TranslationsField`` which of its texts may be translated. Being in the row they cost no question
of their own, follow it through its history, and are copied with it. Terminals and what is printed for them show a text
by ``told``; the pages of the office, events and what goes to ERPs have the source.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.forms.renderers import get_default_renderer
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from mes.core.errors import InvalidInput

Translations = dict[str, dict[str, str]]
"""A text's name to its words by language: ``{"name": {"de": "Grat"}}``."""


def language_now() -> str:
    """Return the language in which is being answered, as ``settings.LANGUAGES`` has it."""
    asked = get_language() or settings.LANGUAGE_CODE
    known = dict(settings.LANGUAGES)
    return asked if asked in known else asked.partition("-")[0]


def translated(row: Any, name: str = "name", language: str = "") -> str:
    """Return a row's text in a language (left out: the one of the answer), or "" where nobody translated it."""
    words: Mapping[str, str] = row.translations.get(name, {})
    return words.get(language or language_now(), "")


def told(row: Any, name: str = "name", language: str = "") -> str:
    """Return a row's text in a language (left out: the one of the answer), or its source where nobody translated it."""
    return translated(row, name, language) or str(getattr(row, name))


def source_shown(row: Any, name: str, written_in: str, language: str = "") -> bool:
    """Say whether a reader of the language gets the source in another one; ``written_in`` is "" where nobody said which."""
    wanted = language or language_now()
    return bool(written_in) and written_in != wanted and not translated(row, name, wanted)


@transaction.atomic
def set_translations(*, row: Any, translations: Translations) -> bool:
    """Make these all the translations of a row, and say whether anything changed.

    :raises mes.core.errors.InvalidInput: a text or language that there is not, or a text that is too long.
    """
    said = {name: dict(words) for name, words in translations.items() if words}
    if said == row.translations:
        return False
    try:
        row._meta.get_field("translations").validate(said, row)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), field="translations") from error
    row.translations = said
    row.save(update_fields=["translations"])
    return True


class TranslationsField(models.JSONField):
    """What planners wrote beside the texts ``of`` this model, by text and language; the longest are as long as the source."""

    def __init__(self, *args: Any, of: Sequence[str] = (), **kwargs: Any) -> None:
        self.of = tuple(of)
        kwargs.setdefault("default", dict)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def validate(self, value: Any, model_instance: Any) -> None:
        """Refuse what no page could show: an unknown text or language, no text, one that is too long."""
        super().validate(value, model_instance)
        languages = dict(settings.LANGUAGES)
        if not isinstance(value, dict) or not all(isinstance(words, dict) for words in value.values()):
            raise ValidationError("Write texts by name and language.")
        for name, words in value.items():
            if name not in self.of:
                raise ValidationError(f"There is no text “{name}” to translate. There are: {', '.join(self.of)}.")
            for language, text in words.items():
                if language not in languages:
                    raise ValidationError(f"“{language}” is none of the languages: {', '.join(languages)}.")
                longest = model_instance._meta.get_field(name).max_length
                if not isinstance(text, str) or not text.strip() or len(text) > longest:
                    raise ValidationError(f"{languages[language]}: a text of at most {longest} characters is needed.")

    def formfield(self, **kwargs: Any) -> Any:
        """Return a field with an input for each text and language, whatever is asked for instead."""
        sources = [self.model._meta.get_field(name) for name in self.of]
        return TranslationsInput(sources, label=kwargs.get("label", "Translations"), help_text=self.help_text)


class TranslationsInput(forms.MultiValueField):
    """An input for each text and language; what is left empty is not translated."""

    def __init__(self, sources: Sequence[Any], **kwargs: Any) -> None:
        self.places = [(source, code, spoken) for source in sources for code, spoken in settings.LANGUAGES]
        fields = [
            forms.CharField(required=False, max_length=source.max_length) for source, _code, _spoken in self.places
        ]
        super().__init__(
            fields, widget=TranslationsWidget(self.places), required=False, require_all_fields=False, **kwargs
        )

    def compress(self, values: list[str]) -> Translations:
        found: Translations = {}
        for (source, code, _spoken), text in zip(self.places, values, strict=False):
            if text and text.strip():
                found.setdefault(source.name, {})[code] = text.strip()
        return found


class TranslationsWidget(forms.MultiWidget):
    """The inputs, each named for who sees it and for who hears it."""

    def __init__(self, places: Sequence[tuple[Any, str, str]]) -> None:
        self.places = list(places)
        super().__init__({f"{source.name}_{code}": _input(source, code) for source, code, spoken in self.places})

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        drawn = renderer or get_default_renderer()
        inputs = self.get_context(name, value, attrs)["widget"]["subwidgets"]
        rows = format_html_join(
            "",
            '<label class="block mb-3"><span class="text-xs">{}</span>{}</label>',
            (
                (_label(source, spoken), mark_safe(drawn.render(one["template_name"], {"widget": one})))  # noqa: S308
                for (source, _code, spoken), one in zip(self.places, inputs, strict=True)
            ),
        )
        if len({source.name for source, _code, _spoken in self.places}) == 1:
            return rows
        return format_html(
            '<details{}><summary class="cursor-pointer mb-3">In other languages</summary>{}</details>',
            " open" if any(one["value"] for one in inputs) else "", rows,
        )  # fmt: skip

    def decompress(self, value: Translations | None) -> list[str]:
        return [(value or {}).get(source.name, {}).get(code, "") for source, code, _spoken in self.places]


def _label(source: Any, spoken: str) -> str:
    return f"{source.verbose_name.capitalize()} – {spoken}"


def _input(source: Any, code: str) -> forms.Widget:
    attrs = {"lang": code, "dir": "auto"}
    many = isinstance(source, models.TextField) or (source.max_length or 0) > 400
    return UnfoldAdminTextareaWidget(attrs=attrs | {"rows": 3}) if many else UnfoldAdminTextInputWidget(attrs=attrs)
