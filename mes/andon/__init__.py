"""People telling people: calls from the floor, answered or escalated, and what one shift leaves to the next."""
