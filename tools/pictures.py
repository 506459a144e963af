"""Draws the pictures of docs/how-a-pool-dies.md: ``python tools/pictures.py [--check]``.

Each is a chart of who does what when: a lane for each task and for the pool, time from left to right. They are SVG with text
as text, in colours that follow the reader's theme.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"

WIDTH = 720
LEFT = 150
LANE = 46
STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #1c2128; }
.small { font-size: 12px; } .dim { fill: #57606a; } .strong { font-weight: 650; }
.lane { stroke: #d0d7de; stroke-width: 1; }
.query rect { fill: #cfe8d6; stroke: #1a6b3c; } .held rect { fill: #ffe9b5; stroke: #a06a00; }
.wait rect { fill: #fbd3ce; stroke: #b42318; } .work rect { fill: #d9e8fb; stroke: #2a6390; }
.gone rect { fill: none; stroke: #b42318; stroke-dasharray: 4 3; }
.mark { stroke: #b42318; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .dim { fill: #9aa5b1; } .lane { stroke: #30363d; }
  .query rect { fill: #123d23; stroke: #6fd08c; } .held rect { fill: #4a3608; stroke: #e3b341; }
  .wait rect { fill: #5a1d18; stroke: #ff9489; } .work rect { fill: #143152; stroke: #79b8ff; }
  .gone rect { stroke: #ff9489; }
  .mark { stroke: #ff9489; }
}
"""


@dataclass(frozen=True)
class Bar:
    """Something that goes on from ``start`` to ``end`` (0 to 100) in a lane. ``kind`` is a class of the style."""

    lane: int
    start: float
    end: float
    kind: str
    text: str = ""


@dataclass(frozen=True)
class Chart:
    """A picture: what it shows in a sentence, the names of its lanes, what goes on in them, and moments with a mark."""

    name: str
    title: str
    lanes: tuple[str, ...]
    bars: tuple[Bar, ...]
    marks: tuple[tuple[int, float, str], ...] = ()


CHARTS = (
    Chart(
        "hold-and-wait",
        "Two requests hold both connections of a pool while they wait for a payment provider; a third finds none",
        ("request 1", "request 2", "request 3", "free in the pool"),
        (
            Bar(0, 0, 10, "query", "query"),
            Bar(0, 10, 70, "held", "POST /charges: connection held"),
            Bar(0, 70, 80, "query", "commit"),
            Bar(1, 8, 18, "query", "query"),
            Bar(1, 18, 88, "held", "POST /charges: connection held"),
            Bar(1, 88, 98, "query", "commit"),
            Bar(2, 20, 80, "wait", "waits for a connection that nobody is using"),
            Bar(2, 80, 98, "query", "query"),
            Bar(3, 0, 8, "work", "1"),
            Bar(3, 8, 98, "wait", "0"),
        ),
    ),
    Chart(
        "nested",
        "Two requests each hold one connection and wait for a second one, so neither ever goes on",
        ("request 1", "request 2", "free in the pool"),
        (
            Bar(0, 0, 30, "held", "holds the first"),
            Bar(0, 30, 98, "wait", "waits for a second, until the timeout"),
            Bar(1, 10, 40, "held", "holds the other"),
            Bar(1, 40, 98, "wait", "waits for a second, until the timeout"),
            Bar(2, 0, 10, "work", "1"),
            Bar(2, 10, 98, "wait", "0"),
        ),
    ),
    Chart(
        "cancellation",
        "A client hangs up, the task is cancelled at an await, and the line that gives the connection back is never reached",
        ("the task", "its connection", "free in the pool"),
        (
            Bar(0, 0, 12, "query", "acquire"),
            Bar(0, 12, 55, "held", "await fetch(…)"),
            Bar(0, 55, 80, "gone", "release(…) is skipped"),
            Bar(1, 12, 55, "held", "in use"),
            Bar(1, 55, 98, "wait", "checked out, and known to nobody"),
            Bar(2, 0, 12, "work", "10"),
            Bar(2, 12, 98, "wait", "9, and never 10 again"),
        ),
        ((0, 55, "CancelledError"),),
    ),
    Chart(
        "budget",
        "Three services may open 195 connections, and the server has room for 147",
        ("web: engine", "web: reporting", "worker", "max_connections"),
        (
            Bar(0, 0, 45, "held", "15 × 3 processes × 2 replicas = 90"),
            Bar(1, 45, 90, "held", "15 × 3 × 2 = 90"),
            Bar(2, 90, 97.5, "held", "15"),
            Bar(3, 0, 73.5, "work", "150 − 3 for superusers = 147"),
            Bar(3, 73.5, 97.5, "wait", "48 are refused"),
        ),
    ),
)  # fmt: skip


def drawn(chart: Chart) -> str:
    """The picture as SVG."""
    height = LANE * len(chart.lanes) + 24
    top = 14

    def x(time: float) -> float:
        return round(LEFT + time * (WIDTH - LEFT - 10) / 100, 1)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
        f"<title>{escape(chart.title)}</title>",
        f"<style>{STYLE}</style>",
    ]
    for number, lane in enumerate(chart.lanes):
        y = top + number * LANE
        out.append(f'<text class="strong" x="0" y="{y + 20}">{escape(lane)}</text>')
        out.append(f'<line class="lane" x1="{LEFT}" x2="{WIDTH}" y1="{y + 15}" y2="{y + 15}"/>')
    for bar in chart.bars:
        y = top + bar.lane * LANE
        wide = round(x(bar.end) - x(bar.start), 1)
        out.append(f'<g class="{bar.kind}"><rect x="{x(bar.start)}" y="{y}" width="{wide}" height="30" rx="4"/>')
        middle = round(x(bar.start) + wide / 2, 1)
        out.append(f'<text class="small" x="{middle}" y="{y + 19}" text-anchor="middle">{escape(bar.text)}</text></g>')
    for lane, time, text in chart.marks:
        y = top + lane * LANE
        out.append(f'<line class="mark" x1="{x(time)}" x2="{x(time)}" y1="{y - 8}" y2="{y + 36}"/>')
        out.append(f'<text class="small" x="{x(time) + 5}" y="{y - 2}">{escape(text)}</text>')
    return "\n".join([*out, "</svg>", ""])


def main(arguments: list[str] | None = None) -> int:
    """Write the pictures, or with ``--check`` say which are stale."""
    parser = argparse.ArgumentParser(description="Draw the pictures of the documentation.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a picture is stale")
    check: bool = parser.parse_args(arguments).check
    stale = 0
    for chart in CHARTS:
        path, text = FOLDER / f"{chart.name}.svg", drawn(chart)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if check:
            print(f"{path.name} is stale: run `python tools/pictures.py`", file=sys.stderr)
            continue
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {path.name}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
