"""The rows of clients of services say what was seen of their packages when these were last held to them."""

from __future__ import annotations

import json

from tests.models.freeze import FILE, named


def test_rows_are_of_the_kinds_that_were_seen() -> None:
    seen = json.loads(FILE.read_text(encoding="utf-8"))
    told = named()
    assert sorted(told.keys() ^ seen.keys()) == [], "run `python benchmarks/live_models.py --freeze`"
    assert [f"{name}: {call}, seen as {seen[name]}" for name, call in told.items() if seen[name] != call] == []
