"""What the benchmark found: a table for people, build/bench.json for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One measured figure beside its peer's; `ratio` is ours divided by the peer's, `spread` that of our runs."""

    name: str
    value: float
    unit: str
    peer: str | None
    peer_value: float | None
    ratio: float | None
    aim: str | None
    runs: int
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Runs of ours and of the peer's that took turns."""

    ours: tuple[float, ...]
    peer: tuple[float, ...] = ()

    def result(self, name: str, unit: str, peer: str | None = None, aim: str | None = None) -> Result:
        """The medians of the runs; the ratio is the median of the pairs' ratios."""
        ratios = [ours / theirs for ours, theirs in zip(self.ours, self.peer, strict=False) if theirs]
        middle = median(self.ours)
        return Result(
            name=name,
            value=round(middle, 3),
            unit=unit,
            peer=peer,
            peer_value=round(median(self.peer), 3) if self.peer else None,
            ratio=round(median(ratios), 3) if ratios else None,
            aim=aim,
            runs=len(self.ours),
            spread=round((max(self.ours) - min(self.ours)) / middle, 3) if middle else 0.0,
        )


def write(results: Sequence[Result], path: Path) -> None:
    """Write the results as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n", encoding="utf-8")


def table(results: Sequence[Result]) -> Table:
    """The results as a table."""
    made = Table(title="what offhook costs, and its peers")
    for name in ("measured", "offhook", "unit", "peer", "peer's", "ratio", "aim", "runs", "spread"):
        made.add_column(name, justify="right" if name in {"offhook", "peer's", "ratio", "runs", "spread"} else "left")
    for one in results:
        made.add_row(
            one.name,
            f"{one.value:.3g}",
            one.unit,
            one.peer or "",
            "" if one.peer_value is None else f"{one.peer_value:.3g}",
            "" if one.ratio is None else f"{one.ratio:.2f}",
            one.aim or "",
            str(one.runs),
            f"{one.spread:.0%}",
        )
    return made
