"""The rows of the table of what can go wrong at a terminal; tests/browser/test_words.py goes through them."""
