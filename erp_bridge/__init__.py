"""Level 3 to 4: master data and orders down, actuals and cost up."""
