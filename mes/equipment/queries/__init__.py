"""What is asked about work units: their intervals of state, their stops, and when production is planned."""
