"""Terminals speak five languages: no text is forgotten, and what is compiled is what gettext reads."""

import gettext

from django.conf import settings
from django.utils import translation

from deploy import translations


def test_every_text_of_a_terminal_is_translated_and_fills_in_the_same_names():
    lacking = {language: texts for language, texts in translations.missing().items() if texts}
    assert lacking == {}, "run `python -m deploy.translations --update`, and translate what has no msgstr"


def test_the_catalogs_are_those_of_the_languages_that_are_offered():
    offered = {code for code, _name in settings.LANGUAGES} - {"en"}
    assert {path.parts[-3] for path in translations.catalogs()} == offered


def test_what_is_written_is_read_back_the_same(tmp_path):
    entries = {
        "": "Content-Type: text/plain; charset=UTF-8\n", "Good": "سليم", 'say "so"\nor not\\': "„ja“\nnein\\", "empty": "",
    }  # fmt: skip
    translations.write_po(tmp_path / "django.po", entries, {"Good": ["templates/x.html"]})
    assert translations.read_po(tmp_path / "django.po") == entries


def test_gettext_reads_what_is_compiled(tmp_path):
    source = translations.LOCALE / "ko" / "LC_MESSAGES" / "django.po"
    entries = translations.read_po(source)
    translations.write_mo(tmp_path / "django.mo", entries)
    with open(tmp_path / "django.mo", "rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert {text: compiled.gettext(text) for text in entries if text} == {k: v for k, v in entries.items() if k}


def test_django_speaks_them():
    with translation.override("de"):
        assert translation.gettext("All saved") == "Alles gespeichert"
    with translation.override("ar"):
        assert translation.gettext("Good") == "سليم"
