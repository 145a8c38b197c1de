"""Work orders and what is reported against them."""
