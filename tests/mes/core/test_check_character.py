"""The check character against examples of the standards that use it, and against what scanners and people get wrong."""

import pytest

from mes.core.check_character import SIGNS, check_character, is_whole, with_check

EXAMPLES = {"A12425GABC1234002": "M", "B159D8FA01240000": "K", "J00000012": "W", "CGOOD": "N", "CGOOD1": "7"}
"""A GRid and an ISAN as their standards print them, and codes of ours."""


@pytest.mark.parametrize(("text", "sign"), EXAMPLES.items())
def test_it_is_what_the_standards_print(text, sign):
    assert check_character(text) == sign
    assert with_check(text) == text + sign and is_whole(text + sign)


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_wrong_sign_and_every_two_that_changed_places_are_found(text):
    code = with_check(text)
    wrong = [code[:at] + sign + code[at + 1 :] for at in range(len(code)) for sign in SIGNS if sign != code[at]]
    turned = [code[:at] + code[at + 1] + code[at] + code[at + 2 :] for at in range(len(code) - 1)]
    assert not [one for one in wrong + turned if one != code and is_whole(one)]


@pytest.mark.parametrize("code", ["", "1", "j00000012W", "J-000012W", "J٣٣٣٣٣٣٣٣W"])
def test_what_holds_other_signs_is_not_whole(code):
    assert not is_whole(code)
