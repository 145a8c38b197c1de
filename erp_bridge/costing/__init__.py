"""The only place with money: rates, roll-up, variances."""
