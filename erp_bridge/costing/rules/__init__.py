"""What an order cost, should have cost, and why it differs: plain functions of plain values.

Amounts are exact fractions in here. They are rounded once, to the cent, by :mod:`.rounding`, where they are posted.
"""
