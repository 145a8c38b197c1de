"""Manufacturing execution (ISA-95 level 3): a package of small Django apps, one subject each."""
