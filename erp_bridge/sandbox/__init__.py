"""An ERP to practise on: a process of its own, with a ledger and faults on demand."""
