"""What the ERP owns: items, bills, routings, work centers, people."""
