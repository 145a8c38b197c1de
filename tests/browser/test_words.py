"""What people read when something goes wrong at a terminal: one row for each thing that can, with its words.

The numbers are those of the list of hostile inputs that the terminal was built against.
"""

import pytest

from mes.core import live
from tests.words import in_page, refused, taken
from tests.words.floor import Floor

TABLE = [*refused.ROWS, *taken.ROWS, *in_page.ROWS]

MARKS = {
    "floor": pytest.mark.django_db,
    "shared_floor": pytest.mark.django_db(transaction=True),
    "page": [pytest.mark.browser, pytest.mark.django_db(transaction=True)],
}


@pytest.fixture
def floor(db, client):
    live.forget()
    return Floor(client)


@pytest.fixture
def shared_floor(transactional_db, client):
    live.forget()
    return Floor(client)


@pytest.fixture
def page(terminal, plant, operation):  # noqa: F811
    return in_page.Shown(terminal, plant, operation)


@pytest.mark.parametrize("row", [pytest.param(row, marks=MARKS[row.stage], id=str(row)) for row in TABLE])
def test_what_goes_wrong_is_said_and_nothing_is_lost(request, row):
    row.act(request.getfixturevalue(row.stage))


def test_the_table_has_every_number():
    assert sorted({row.number for row in TABLE}) == list(range(1, 45))
