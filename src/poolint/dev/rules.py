"""``new-rule``: a rule, the detector that observes what it judges, and a fixture of either sort."""

from __future__ import annotations

import re

from poolint import __version__
from poolint.config import ConfigError
from poolint.dev.scaffold import MARK, Scaffold, need_checkout
from poolint.files import read_regular

_CODE = re.compile(r"POL[1-8]\d\d")
_NAME = re.compile(r"[a-z]+[0-9]*(?:-[a-z]+[0-9]*)+")
_META = re.compile(r'^        code="(POL\d{3})",\n        name="([^"]+)"', re.MULTILINE)


def new_rule(code: str, name: str, group: str | None, cwd: str) -> Scaffold:
    """The scaffold of a rule; ``group`` is the folder of rules that it goes to, by default that of its neighbours.

    Raises ``ConfigError`` for a code or a name that cannot be, or is taken.
    """
    root = need_checkout(cwd)
    if _CODE.fullmatch(code) is None:
        raise ConfigError(
            f"{code!r} is no code of a rule: one is POL and three digits, and those of 9 are poolint's own"
        )
    if _NAME.fullmatch(name) is None:
        raise ConfigError(f"{name!r} is no name of a rule: one is of several words in lower case, joined by hyphens")
    rules = root / "src/poolint/rules"
    texts = {path: read_regular(str(path)).decode() for path in sorted(rules.glob("*/*.py"))}
    there = [(path, *pair) for path, text in texts.items() for pair in _META.findall(text)]
    for path, its_code, its_name in there:
        if code == its_code or name == its_name:
            raise ConfigError(f"{path.relative_to(root).as_posix()} is {its_code} {its_name} already")
    groups = sorted({path.parent.name for path, its_code, _ in there if group is None and its_code[:4] == code[:4]})
    groups = [group] if group is not None else groups
    if len(groups) != 1 or not (rules / groups[0] / "__init__.py").is_file():
        known = ", ".join(sorted({path.parent.name for path, _, _ in there}))
        raise ConfigError(f"say with --group in which folder of {rules} {code} belongs: {known}")
    module = name.replace("-", "_")
    words = {"CODE": code, "NAME": name, "MODULE": module, "CLASS": "".join(map(str.capitalize, name.split("-")))}
    words["VERSION"] = __version__
    fixtures = root / "tests/fixtures" / code
    return Scaffold(
        {
            rules / groups[0] / f"{module}.py": _filled(_RULE, words),
            root / "src/poolint/detect" / f"{module}.py": _filled(_DETECTOR, words),
            fixtures / f"{module}.py": _filled(_BAD, words),
            fixtures / f"good_{module}.py": _filled(_GOOD, words),
        },
        (
            f"replace each `{MARK}`",
            "say in `DETECTOR` what spares the detector a question; delete it where an observation exists",
            "run `python -m poolint.docs`, and `pip install -e .` for the entry point that it writes",
            "add fixtures until there are eight that are reported and eight that are not: `pytest tests -k "
            + code
            + "`",
            "add a row to CHANGELOG.md",
        ),
    )


def _filled(template: str, words: dict[str, str]) -> str:
    for word, text in words.items():
        template = template.replace(f"@{word}@", text)
    return template.replace("@@", MARK)


_RULE = '''\
"""@CODE@: @@ what is found, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.detect.@MODULE@ import Observed@CLASS@
from poolint.rules.base import Meta, Rule, Subscription, Verdict

if TYPE_CHECKING:
    from poolint.detect.observation import Observation


class @CLASS@(Rule):
    """@@ one sentence that says what is wrong.

    ## What it does
    @@ what is reported, and what is not although it looks alike.

    ## Why is this bad?
    @@ what happens in production.

    ## Example
    ```python
    @@ code that is reported
    ```

    ## Use instead
    ```python
    @@ the same code, mended
    ```

    ## When to ignore
    @@ where it is right nevertheless.
    """

    meta = Meta(
        code="@CODE@",
        name="@NAME@",
        summary="@@ one line for the tables, without a full stop",
        subscription=Subscription(observations=frozenset({Observed@CLASS@})),
        since="@VERSION@",
    )

    def judge(self, observation: Observation) -> Verdict | None:
        assert isinstance(observation, Observed@CLASS@)
        return Verdict(f"`{observation.call}` @@ what it does, and what that leads to", observation.call)
'''

_DETECTOR = '''\
"""@@ what is observed, in a few words."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from poolint.detect.detector import Detector
from poolint.detect.observation import Observation
from poolint.syntax.surroundings import may_await
from poolint.types.call_sites import call_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.syntax.scopes import Scope
    from poolint.types.evaluator import Evaluator


class Observed@CLASS@(Observation, frozen=True, eq=False):
    """@@ what it is. ``node`` is the call, and ``call`` what is called, for a message."""

    call: str


def observe(ev: Evaluator, scope: Scope) -> Iterator[Observation]:
    """@@ which calls in ``scope`` are observed."""
    for node in scope.calls:
        fact = call_site(ev, node, scope)
        if fact is not None and fact.role == "@@ a role of the models":
            yield Observed@CLASS@(node, scope.qualified_name, may_await(node, scope), fact.api)


DETECTOR = Detector("@MODULE@", lambda services: partial(observe, services.evaluator))
'''

_BAD = """\
# @@ the story: what goes wrong here.
@@ imports


@@ code, with the whole message at the row that is reported  # expect: @CODE@ "@@ message"
"""

_GOOD = """\
# @@ the story: what looks alike, and is right.
@@ imports


@@ code
"""
