"""The check character that our own printed codes end in: ISO/IEC 7064, MOD 37,36, over digits and capital letters.

It finds every single wrong character and, of the 630 exchanges of two unlike neighbors at a place, all but one: so far does
a single check character out of the same 36 go. ``static/terminal/check_character.js``
is the same for the page.
"""

SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MODULUS = len(SIGNS)


def check_character(text: str) -> str:
    """Return the character that makes ``text`` whole.

    :raises ValueError: it holds something other than digits and capital letters.
    """
    product = _MODULUS
    for sign in text:
        product = (product + SIGNS.index(sign)) % _MODULUS or _MODULUS
        product = product * 2 % (_MODULUS + 1)
    return SIGNS[(_MODULUS + 1 - product) % _MODULUS]


def with_check(text: str) -> str:
    """Return ``text`` with its check character behind it."""
    return text + check_character(text)


def is_whole(code: str) -> bool:
    """Say whether a code ends in the check character of what stands before it."""
    return len(code) > 1 and all(sign in SIGNS for sign in code) and check_character(code[:-1]) == code[-1]
