"""P2, P19, P20: what it costs to report, and to do a whole job, against the bare rows that have to be written."""

BENCHMARKS = {}
