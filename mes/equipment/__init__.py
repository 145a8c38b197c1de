"""What work units do: their states without gaps, their stops and reasons, and calls for maintenance."""
