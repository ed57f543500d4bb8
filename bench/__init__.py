"""Benchmarks: each beside a peer or the physical limit in the same run, printing ratios."""
