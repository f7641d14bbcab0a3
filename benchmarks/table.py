"""The table: a row is one number, its target where there is one, and what else was seen on the way."""

from __future__ import annotations

from dataclasses import dataclass

WIDTHS = (62, 14, 14, 7)


@dataclass(frozen=True, slots=True)
class Row:
    """`most` and `least` are targets; without either the number is only told."""

    what: str
    value: float
    unit: str = "×"
    most: float | None = None
    least: float | None = None
    seen: str = ""

    @property
    def target(self) -> str:
        if self.most is not None:
            return f"≤ {self.most:g} {self.unit}"
        return f"≥ {self.least:g} {self.unit}" if self.least is not None else ""

    @property
    def verdict(self) -> str:
        if not self.target:
            return ""
        met = self.value <= self.most if self.most is not None else self.value >= (self.least or 0)
        return "met" if met else "MISSED"

    def __str__(self) -> str:
        number = f"{self.value:.2f}" if abs(self.value) < 100 else f"{self.value:,.0f}"
        return line(self.what, f"{number} {self.unit}", self.target, self.verdict, self.seen)


def line(*cells: str) -> str:
    """A row of a Markdown table whose columns also stand in line on a terminal."""
    padded = [cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=False)]
    return "| " + " | ".join([*padded, *cells[len(WIDTHS) :]]) + " |"


def heading() -> str:
    return "\n".join(
        [line("what", "measured", "target", "", "seen"), line(*("-" * width for width in WIDTHS), "-" * 20)]
    )
