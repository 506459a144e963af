"""What is filed of texts, brought up to date where one has changed, is what would be filed anew."""

from __future__ import annotations

import random

import pytest

from poolint.syntax.refiling import Change, refile_matches, refile_words
from poolint.syntax.texts import by_words, pattern_of

KINDS = ("calling", "importing", "naming", "naming-import")
NAMES = ("pay", "pool", "orders", "shop", "charge")
ROWS = (
    "import shop.orders",
    "from shop import (\n    pay,\n    pool,\n)",
    "from shop.orders import charge as pay",
    "def pay(pool):",
    "    pay (pool)",
    "    orders = charge(pool)",
    "# pay the pool",
    ")",
    "",
)


def anew(texts: dict[str, bytes]) -> dict[tuple[str, str], list[str]]:
    patterns = {(kind, name): pattern_of(kind, name.encode()) for kind in KINDS for name in NAMES}
    return {key: [path for path, text in texts.items() if one.search(text)] for key, one in patterns.items()}


@pytest.mark.parametrize("seed", range(5))
def test_rows_that_differ_tell_what_the_texts_would(seed: int) -> None:
    rng = random.Random(seed)
    texts = {f"/shop/{name}.py": "\n".join(rng.choices(ROWS, k=6)).encode() for name in "abcd"}
    words, matches = by_words(texts), anew(texts)
    for _ in range(60):
        path = rng.choice(list(texts))
        before, rows = texts[path], texts[path].decode().split("\n")
        at = rng.randrange(len(rows))
        rows[at : at + rng.randrange(3)] = rng.choices(ROWS, k=rng.randrange(3))
        texts[path] = "\n".join(rows).encode()
        asked = {key: list(paths) for key, paths in matches.items()}
        change = Change.of(path, "/shop", before, texts)
        refile_words(words, change)
        told = refile_matches(matches, change)
        assert matches == anew(texts)
        assert {word: paths for word, paths in words.items() if paths} == by_words(texts)
        assert set(told) == {key for key in matches if matches[key] != asked[key] and not key[0].startswith("naming")}
