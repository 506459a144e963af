"""All settings there are, and what they are for some files.

Each is declared here and nowhere else: options of the command line, the JSON Schema, the documentation and what
``poolint config`` prints are made of these declarations.
"""

# pathlib would take a good part of the time in which a clean file is checked.

from __future__ import annotations

import os

from poolint.config.key import Key
from poolint.config.words import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from poolint.deployment.declared import Declared

    Ignores = tuple[tuple[str, tuple[str, ...]], ...]

DEFAULT_EXCLUDE = (
    ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".history", ".ipynb_checkpoints", ".mypy_cache",
    ".nox", ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode",
    "__pycache__", "__pypackages__", "_build", "buck-out", "dist", "node_modules", "site-packages", "venv",
)  # fmt: skip
"""What is never walked into unless ``exclude`` says otherwise: the list of ruff, byte code, and files as they once were, which
editors keep in `.history`."""

TARGETS = tuple(f"py3{minor}" for minor in range(7, 16))
CERTAINTIES = ("certain", "possible")

SEVERITIES = ("error", "warning", "note")
"""From the gravest on."""

RULES, FILES, CODE, RUNS = "rules", "files", "what the code rests on", "settings and runs"
"""The sections that settings are documented in. Options of the first two are in groups of these names."""

_NONE: tuple[str, ...] = ()
_NO_IGNORES: Ignores = ()
_NO_GRADES: tuple[tuple[str, str], ...] = ()


class Selectors:
    """One layer of what to select: ``select`` is None where the layer leaves the selection below it standing."""

    __slots__ = ("extend_ignore", "extend_select", "ignore", "origin", "select")

    def __init__(
        self,
        select: tuple[str, ...] | None = None,
        ignore: tuple[str, ...] = (),
        extend_select: tuple[str, ...] = (),
        extend_ignore: tuple[str, ...] = (),
        origin: str = "",
    ) -> None:
        self.select = select
        self.ignore = ignore
        self.extend_select = extend_select
        self.extend_ignore = extend_ignore
        self.origin = origin
        """Where it was written, as an error puts it before the key: ``pyproject.toml: [tool.poolint] ``, ``--``."""


SELECTORS = ("select", "ignore", "extend_select", "extend_ignore")
"""The attributes of a layer, and of settings, that hold selectors."""


class Settings:
    """How the files below ``root`` are checked: a plain value that can be pickled.

    What is given is set; all else is the default of its key. ``source`` is the file that was read, empty where none
    speaks of us. ``select`` to ``extend_ignore`` are what that file says, ``below`` what those say that it extends, and
    ``command_line`` is laid over them; ``where`` is how an error names the file. ``rule_tables`` are the options of
    rules as they stand there, by the names of the rules, and ``places`` where; ``options`` checks them when the rules
    are known. ``origins`` says of each attribute that is set who has set it.
    """

    select: Key[tuple[str, ...] | None] = Key(
        "selectors",
        None,
        "The rules to run: codes, prefixes of codes, names of rules, or `ALL`. Without it those run that are on by default.",
        section=RULES,
        example='["POL"]',
        flag="--select",
        help="run these rules instead of the configured ones",
    )
    ignore = Key(
        "selectors",
        _NONE,
        "Rules not to run. The more specific selector wins, and `ignore` where both are equally specific.",
        section=RULES,
        example='["POL105"]',
        flag="--ignore",
        help="do not run these",
    )
    extend_select = Key(
        "selectors",
        _NONE,
        "Rules to run as well as those that run anyway.",
        section=RULES,
        example='["manual-release"]',
        flag="--extend-select",
        help="run these as well",
    )
    extend_ignore = Key(
        "selectors",
        _NONE,
        "Rules not to run, beside `ignore`.",
        section=RULES,
        example='["POL4"]',
        flag="--extend-ignore",
        help="do not run these either",
    )
    per_file_ignores = Key(
        "ignores",
        _NO_IGNORES,
        "Rules not to run in the files that a pattern names; `!` before a pattern means all others.",
        section=RULES,
        example='{ "scripts/*" = ["POL4"] }',
    )
    extend_per_file_ignores = Key(
        "ignores",
        _NO_IGNORES,
        "The same beside `per-file-ignores`, which replaces what a file has that is extended.",
        section=RULES,
        example='{ "tests/*" = ["POL5"] }',
        adds=True,
        flag="--per-file-ignores",
        help="do not run these in the files that a pattern names",
    )
    certainty = Key(
        "choice",
        "certain",
        "Which findings are reported: those that are certain, or also those that are merely possible. What costs something "
        "only when it runs (all but POL103 to POL106, POL5, POL602, POL605 and POL606) is merely possible where nobody runs "
        "it: in a project that is deployed from its repository, as a Dockerfile, Procfile or the like shows, or that says what "
        "it needs, or is a repository, and makes an application, and is not built for others only, with no deployment of its own "
        "that starts it, a module that nothing imports which runs, a class that nothing makes, or a function or "
        "method that nothing names, or that a router serves which nothing mounts. What only tests run is run by nobody.",
        section=RULES,
        example='"possible"',
        choices=CERTAINTIES,
        flag="--certainty",
        help="report possible findings too (default: certain)",
    )
    severity = Key(
        "severities",
        _NO_GRADES,
        "How grave findings are, by their rules: `error`, `warning` or `note`. Without it they are errors, those that are merely "
        "possible and what is said of comments warnings.",
        section=RULES,
        example='{ POL402 = "warning" }',
        choices=SEVERITIES,
    )
    fail_on = Key(
        "choice",
        "warning",
        "The severity from which on a finding makes the exit code 1.",
        section=RULES,
        example='"error"',
        choices=SEVERITIES,
        flag="--fail-on",
        help="exit with 1 only for findings that are so grave (default: warning)",
    )
    extend_safe_fixes = Key(
        "selectors",
        _NONE,
        "Rules whose unsafe fixes are taken for safe ones: `--fix` applies them.",
        section=RULES,
        example='["POL202"]',
        adds=True,
        flag="--extend-safe-fixes",
        help="take unsafe fixes of these for safe ones",
    )
    extend_unsafe_fixes = Key(
        "selectors",
        _NONE,
        "Rules whose safe fixes are taken for unsafe ones. The more specific selector wins, and `extend-unsafe-fixes` where "
        "both are equally specific.",
        section=RULES,
        example='["POL1"]',
        adds=True,
        flag="--extend-unsafe-fixes",
        help="take safe fixes of these for unsafe ones",
    )
    preview = Key(
        "boolean",
        False,
        "Run rules that are on trial, which may change or go in any version.",
        section=RULES,
        example="true",
        flag="--preview",
        help="run rules that are on trial",
    )
    strict_noqa = Key(
        "boolean",
        False,
        "Each `noqa` is meant for poolint: one that silences nothing, or names no rule of ours, is reported.",
        section=RULES,
        example="true",
    )
    exclude = Key(
        "patterns",
        DEFAULT_EXCLUDE,
        "What is not walked into, and not checked. It replaces what is left out by default.",
        section=FILES,
        example='["vendor", "generated/*.py"]',
        flag="--exclude",
        help="leave these out, instead of what is left out otherwise",
    )
    extend_exclude = Key(
        "patterns",
        _NONE,
        "What is not checked either, beside `exclude`.",
        section=FILES,
        example='["migrations/"]',
        adds=True,
        flag="--extend-exclude",
        help="leave these out as well",
    )
    force_exclude = Key(
        "boolean",
        False,
        "Leave out also what is named on the command line, as pre-commit and editors want it.",
        section=FILES,
        example="true",
        flag="--force-exclude",
        help="exclude also what is named on the command line",
    )
    target_version = Key(
        "choice",
        "",
        "The oldest version of Python that the code runs with: branches for older ones (`sys.version_info < (3, 11)`) are ruled "
        "out. Without it `requires-python` of the `pyproject.toml` beside these settings says it; where nothing does, each of "
        "them may be taken.",
        section=CODE,
        example='"py311"',
        choices=TARGETS,
        flag="--target-version",
        help="the oldest version of Python that the code runs with",
    )
    src = Key(
        "folders",
        _NONE,
        "The folders that modules are imported from, relative to this file; patterns are allowed. Without it they are found.",
        section=CODE,
        example='["src", "libs/*/python"]',
    )
    models = Key(
        "files",
        _NONE,
        "Files with models of libraries of your own, relative to this file.",
        section=CODE,
        example='["poolint-models.toml"]',
    )
    trace = Key(
        "files",
        _NONE,
        "Files that `pytest --poolint-trace FILE` has written: what a test run has seen tells types where the code does not.",
        section=CODE,
        example='["poolint-trace.json"]',
        flag="--trace",
        help="take what a test run has seen for evidence, where nothing else tells a type",
    )
    budget: Key[Declared | None] = Key(
        "budget",
        None,
        "What is known of the deployment: how many connections the server takes, and how many processes there are.",
        section=CODE,
        example="{ max-connections = 100 }",
    )
    extend = Key(
        "path",
        "",
        "Another file with settings, over which those of this one are laid: `select` begins anew, `ignore` and what is called "
        "`extend-…` is added to, all else replaces. Relative to this file; `~` and variables of the environment are expanded.",
        section=RUNS,
        example='"../poolint.toml"',
    )
    required_version = Key(
        "specifier",
        "",
        "The versions of poolint that may run here, as a requirement has them; another one stops with an error.",
        section=RUNS,
        example='">=0.1,<1"',
    )
    cache = Key(
        "boolean",
        True,
        "What is found is kept for later runs, in `.poolint_cache`.",
        section=RUNS,
        example="false",
    )

    def __init__(
        self,
        *,
        root: str = "",
        source: str = "",
        where: str = "",
        below: tuple[Selectors, ...] = (),
        command_line: Selectors | None = None,
        rule_tables: Mapping[str, Mapping[str, Any]] | None = None,
        places: Mapping[str, str] | None = None,
        origins: Mapping[str, tuple[str, ...]] | None = None,
        **values: object,
    ) -> None:
        self.root = root or os.getcwd()
        self.source = source
        self.where = where or (f"{shown(source)}: [tool.poolint]" if source else "")
        self.below = below
        self.command_line = command_line or Selectors(origin="--")
        self.rule_tables = rule_tables or {}
        self.places = places or {}
        self.origins = dict(origins or {})
        for name in values:
            assert name in ATTRIBUTES, name
        vars(self).update(values)

    @property
    def excluded(self) -> tuple[str, ...]:
        """All patterns of what is left out."""
        return self.exclude + self.extend_exclude

    @property
    def ignored(self) -> Ignores:
        """All patterns of files with the rules that are off there."""
        return self.per_file_ignores + self.extend_per_file_ignores

    @property
    def target(self) -> tuple[int, int] | None:
        """The oldest version of Python that the code runs with, where somebody says it."""
        return (3, int(self.target_version[3:])) if self.target_version else None

    @property
    def asks_for_more(self) -> bool:
        """Whether rules may be selected that are off by default."""
        return self.preview or any(one.select or one.extend_select for one in self.layers())

    def layers(self) -> tuple[Selectors, ...]:
        """What each file selects, those first that are extended, and last what the command line does to that."""
        origin = f"{self.where} " if self.where else ""
        file = Selectors(self.select, self.ignore, self.extend_select, self.extend_ignore, origin)
        return (*self.below, file, self.command_line)

    def plain(self) -> Iterator[tuple[str, object]]:
        """Each attribute that is a setting, and its value."""
        for attribute in ATTRIBUTES:
            yield attribute, getattr(self, attribute)

    def place(self, rule: str) -> str:
        """The table of a rule, as an error names it."""
        return self.places.get(rule) or f"{shown(self.source)}: [tool.poolint.{rule}]"


ATTRIBUTES: dict[str, Key[Any]] = {one.attribute: one for one in vars(Settings).values() if isinstance(one, Key)}
KEYS: dict[str, Key[Any]] = {one.name: one for one in ATTRIBUTES.values()}
"""All settings by their names, in the order of the declarations."""
