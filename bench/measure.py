"""Latencies and how they are printed."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Latencies"]


@dataclass(frozen=True)
class Latencies:
    """Milliseconds of one run, and what was asked for against what was done."""

    ms: Sequence[float]
    wanted_per_s: float | None
    took_s: float

    @property
    def p50(self) -> float:
        return statistics.median(self.ms)

    def quantile(self, share: float) -> float:
        return sorted(self.ms)[min(len(self.ms) - 1, int(share * len(self.ms)))]

    def line(self, name: str, floor: Latencies | None = None) -> str:
        """One line of a table; with ``floor``, the ratio to it."""
        rate = len(self.ms) / self.took_s
        wanted = "as fast as it goes" if self.wanted_per_s is None else f"{self.wanted_per_s:g}/s wanted"
        ratio = f"  {self.p50 / floor.p50:.2f} × the floor" if floor is not None else ""
        return (
            f"{name:<28} {wanted:<20} {rate:7.0f}/s  p50 {self.p50:6.1f}  p95 {self.quantile(0.95):6.1f}  "
            f"p99 {self.quantile(0.99):6.1f}  max {max(self.ms):6.1f} ms{ratio}"
        )
