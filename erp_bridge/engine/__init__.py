"""Registry, scheduler, outbox, inbox: what authors of flows and connectors never see."""
