"""Forty guesses at once: at most five are looked at. With real threads, on either database."""

import threading

import pytest
from django.contrib.auth.hashers import check_password
from django.db import connection

from mes.core.errors import DomainError
from mes.masterdata import services
from mes.masterdata.models import Person
from mes.masterdata.services import people
from tests.factories import make_person

pytestmark = pytest.mark.django_db(transaction=True)

GUESSES = 40


@pytest.fixture
def looked_at(monkeypatch):
    """Every guess that was compared with the PIN."""
    seen = []

    def watched(guess, stored):
        seen.append(guess)
        return check_password(guess, stored)

    monkeypatch.setattr(people, "check_password", watched)
    return seen


def guess_all(guess):
    begin, answers = threading.Barrier(GUESSES), []

    def run(number):
        begin.wait()
        try:
            guess(f"{number:04}")
            answers.append("right")
        except DomainError as refusal:
            answers.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(GUESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_forty_guesses_at_once_five_are_looked_at_and_the_rest_find_it_locked(looked_at):
    person = make_person()
    services.set_pin(person_id=person.pk, pin="9999")
    answers = guess_all(lambda pin: services.check_pin(person_id=person.pk, pin=pin))
    assert len(looked_at) == 5
    assert sorted(set(answers)) == ["pin_locked", "pin_wrong"] and answers.count("pin_wrong") == 4
    with pytest.raises(services.PersonLocked, match="supervisor"):
        services.check_pin(person_id=person.pk, pin="9999")


def test_counting_after_looking_would_let_more_than_five_through(looked_at):
    """The control: a check that looks before it counts lets a sixth guess in while the first five are being compared."""
    person = make_person()
    services.set_pin(person_id=person.pk, pin="9999")
    six_are_comparing = threading.Event()

    def look_first(pin):
        row = Person.objects.get(pk=person.pk)
        if row.pin_attempts >= people.PIN_TRIES:
            raise people.PersonLocked("Locked.")
        is_right = people.check_password(pin, row.pin_hash)
        if len(looked_at) > people.PIN_TRIES:
            six_are_comparing.set()
        six_are_comparing.wait(60)
        if not is_right:
            people._count_try(person.pk)
            raise people.PinWrong("Wrong.")

    guess_all(look_first)
    assert len(looked_at) > people.PIN_TRIES
