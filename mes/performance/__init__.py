"""What is computed from states and reports: OEE, losses and timelines, each with the way it was computed."""
