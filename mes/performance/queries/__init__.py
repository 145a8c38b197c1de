"""Figures of units, shifts and days, computed from states and reports whenever they are asked for."""
