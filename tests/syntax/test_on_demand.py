"""A module that is only imported is read as far as somebody asks, and tells the same as one that was read at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from poolint.roots.finder import Finder
from poolint.syntax.project import Module, Project
from poolint.syntax.scopes import Scope
from poolint.text.source import SourceError

SHOP = '''
import os


class Shop:
    def open(self, url):
        """Opens the shop, which takes a moment: everything has to be carried out into the street first, and dusted."""
        self.url = url

    async def sell(self, thing, basket):
        from shop.prices import price
        basket.items.append(thing)
        for self.last in [price(thing), price(thing) + 1, price(thing) + 2, price(thing) + 3, price(thing) + 4]:
            yield self.last

    def __init__(self):
        self.url = None
        self.basket, self.last = {}, "nothing has been sold in this shop since it was opened, and nothing will be"

    def look(self):
        def inner(word):
            return [word, word.lower(), word.upper(), len(self.url), os.environ.get("SHOP", "nothing is known of it")]
        return inner


def closed(shop):
    shop.items.append("a sign that says it is closed, and for how long, and where the next one is, and when it opens")
    return lambda: shop
'''  # fmt: skip


def project(tmp_path: Path, text: str, expected: bool) -> tuple[Project, Module]:
    file = Path(os.path.realpath(tmp_path)) / "shop.py"
    file.write_text(text)
    made = Project(Finder())
    made.is_expected = lambda *_: expected
    module = made.module(str(file))
    assert module is not None
    return made, module


def told(scope: Scope) -> list[object]:
    where = [(one.lineno, one.col_offset) for one in (*scope.calls, *scope.returns, *scope.yields, *scope.withs)]
    attributes = {name: [one.position for one in bound] for name, bound in scope.self_assignments.items()}
    bound = {name: [(one.kind, one.position) for one in found] for name, found in scope.bindings.items()}
    loads = {name: [(one.lineno, one.col_offset) for one in found] for name, found in scope.loads.items()}
    inner = sorted(one.key for one in scope.children)
    return [scope.key, scope.is_generator, where, attributes, bound, loads, inner]


def test_everything_is_there_for_who_asks(tmp_path: Path) -> None:
    at_once, on_demand = (project(tmp_path, SHOP, expected)[1] for expected in (True, False))
    assert len(on_demand.unread) == 5 and not at_once.unread
    whole, asked = (
        sorted((told(scope) for scope in module.scope.descendants()), key=lambda one: one[0])  # type: ignore[arg-type,return-value]
        for module in (at_once, on_demand)
    )
    assert whole == asked
    assert [node.lineno for node, _ in at_once.imports] == [node.lineno for node, _ in on_demand.imports] == [2, 11]


@pytest.mark.parametrize("first", ["open", "sell", "__init__", "look"])
def test_the_order_of_questions_does_not_matter(tmp_path: Path, first: str) -> None:
    """What several methods assign comes in the order of the text, whichever was read first."""
    at_once, on_demand = (project(tmp_path, SHOP, expected)[1] for expected in (True, False))
    shop = next(one for one in on_demand.scope.children if one.name == "Shop")
    next(one for one in shop.children if one.name == first).read()
    (whole,) = (one for one in at_once.scope.children if one.name == "Shop")
    assert told(shop) == told(whole)
    assert set(shop.self_assignments) == {"url", "last", "basket"}
    for name in ("items", "basket", "nothing"):
        assert [one.position for one in on_demand.stored_in(name)] == [one.position for one in at_once.stored_in(name)]


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    _, module = project(tmp_path, SHOP, expected=False)
    shop = next(one for one in module.scope.children if one.name == "Shop")
    assert shop.self_assignments and [one.name for one in module.unread if one.body is not None] == ["look", "closed"]
    assert not module.unread[-1].is_generator and module.unread[-1].body is not None
    assert "inner" in [one.name for one in module.scope.mentioning("lower")]
    assert [one.name for one in module.unread if one.body is not None] == ["closed"]


def test_a_scope_is_found_by_its_key_in_a_body_that_is_unread(tmp_path: Path) -> None:
    _, at_once = project(tmp_path, SHOP, expected=True)
    keys = [one.key for one in at_once.scope.descendants()]
    for key in keys:
        made, _ = project(tmp_path, SHOP, expected=False)
        assert made.scope(key).key == key


COUNTED = """
class Shop:
    def count(self):
        sold = 0

        def sell():
            nonlocal sold
            sold += 1

        def close():
            self.sold = "all that was sold in this shop since it was opened, if anything was, and to whom, and when"
        return sell, close
"""


def test_a_body_that_is_read_at_once_is_read_with_all_functions_in_it(tmp_path: Path) -> None:
    """What one of these assigns would come too late for who has asked its class before."""
    _, module = project(tmp_path, COUNTED, expected=False)
    (shop,) = module.scope.children
    assert list(shop.self_assignments) == ["sold"] and not module.unread


BROKEN = f"""{SHOP}

def broken():
    return (1 +
    # and a comment that makes the body long enough to be left out at first, as if there was something to be read in it
    )
"""


def test_a_body_that_is_no_python_is_empty_and_the_rest_is_known(tmp_path: Path) -> None:
    """Whether the file was to be checked itself or not."""
    for expected in (True, False):
        made, module = project(tmp_path, BROKEN, expected)
        broken = module.scope.children[-1]
        assert broken.name == "broken" and not broken.calls and not broken.returns
        with pytest.raises(SourceError, match="syntax error"):
            made.complete(module)


def test_a_module_that_is_checked_after_it_was_imported_is_read_whole(tmp_path: Path) -> None:
    made, module = project(tmp_path, SHOP, expected=False)
    assert made.loaded == 0
    made.complete(module)
    assert all(one.body is None for one in module.unread)
    assert made.loaded == len(module.source.data)
    made.complete(module)  # as for each further question about the file
    assert made.loaded == len(module.source.data)


def test_a_name_may_be_written_in_other_letters(tmp_path: Path) -> None:
    """Python takes `ﬁle` for `file`."""
    _, module = project(tmp_path, SHOP.replace("shop.items.append", "shop.\ufb01les.append"), expected=False)
    assert [one.position for one in module.stored_in("files")]
