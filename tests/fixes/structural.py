"""What the tests of structural fixes share: a text in, the fix that poolint has for its checkout, the text out."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from poolint.diagnostics import Diagnostic, Fix, Position, Range
from poolint.fixes.build import edits_for
from poolint.fixes.edits import apply_edits
from poolint.fixes.plans import isolation_of
from poolint.fixes.release import ReleaseFix, release_fix
from poolint.models.loader import load
from poolint.rewrite.extent import checkout
from poolint.roots.finder import Finder
from poolint.screen import Ready, Screen
from poolint.syntax.project import Project
from poolint.text.slices import cut
from poolint.text.source import Source
from poolint.types.evaluator import Evaluator

if TYPE_CHECKING:
    from poolint.diagnostics import Edit
    from poolint.fixes.release import Form
    from poolint.syntax.project import Module
    from poolint.syntax.scopes import Scope

IMPORTS = """\
from __future__ import annotations
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from aiosqlite import Connection as SqliteConnection
    from asyncpg import Pool
    from psycopg import AsyncConnection as PsycopgConnection
    from psycopg_pool import AsyncConnectionPool, ConnectionPool
    from sqlalchemy import Engine, text
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
    from sqlalchemy.orm import Session, scoped_session, sessionmaker
    import aiosqlite, asyncpg
"""
PATH = str(Path(__file__).parent / "nowhere" / "m.py")


class Site(NamedTuple):
    """A statement that binds a checkout to a name."""

    statement: ast.Assign | ast.AnnAssign
    name: str
    scope: Scope


class Text:
    """A text as poolint sees it."""

    def __init__(self, data: bytes) -> None:
        self.source = Source.from_bytes(PATH, data)
        finder = Finder(Ready().libraries)
        self.evaluator = Evaluator(Project(finder), load(), Screen(finder))
        self.module: Module = self.evaluator.project.replace(self.source)

    def sites(self) -> list[Site]:
        """All checkouts that are assigned to a name, in order."""
        found = []
        for scope in self.module.scope.descendants():
            for bindings in scope.bindings.values():
                for binding in bindings:
                    site = self._site(binding.node, scope)
                    if binding.kind in ("assign", "annotated") and site is not None:
                        found.append(site)
        return sorted(found, key=lambda one: one.statement.lineno)

    def _site(self, target: ast.AST, scope: Scope) -> Site | None:
        statement = getattr(target, "_poolint_parent", None)
        if not isinstance(target, ast.Name) or not isinstance(statement, (ast.Assign, ast.AnnAssign)):
            return None
        one = checkout(self.evaluator, scope, statement, target.id)
        cls = getattr(one, "cls", None)
        takes = cls is not None and cls.kind in ("session", "connection", "pool", "engine")
        return Site(statement, target.id, scope) if takes else None

    def fix(self, site: Site, form: Form = "finally") -> tuple[ReleaseFix | None, str]:
        """The fix for a checkout with the text that it leads to; None with the reason where there is none."""
        found = release_fix(self.evaluator, site.scope, site.statement, site.name, None, form)
        if not isinstance(found, ReleaseFix):
            return None, found.reason
        edits = self.edits(found, site)
        return (found, apply_edits(self.source, edits)) if edits else (None, "a guard of the builder")

    def edits(self, found: ReleaseFix, site: Site) -> tuple[Edit, ...]:
        """What a fix changes in the text; nothing where the builder refuses it."""
        function = site.scope.outermost_function
        assert function is not None
        node = function.node
        assert isinstance(node, ast.stmt)
        decorators = getattr(node, "decorator_list", [])
        piece = cut(self.source, min([node.lineno, *(one.lineno for one in decorators)]), node.end_lineno or 0)
        assert piece is not None
        return edits_for(found.plan, piece, self.source) or ()


def fixed(before: str, form: Form = "finally", index: int = 0) -> tuple[ReleaseFix | None, str]:
    """Fix the checkout number ``index`` of a text that lacks the imports; the reason where it is refused."""
    text = Text((IMPORTS + before).encode())
    found, after = text.fix(text.sites()[index], form)
    return found, after.removeprefix(IMPORTS) if found is not None else after


def leaks(source: Source) -> list[Diagnostic]:
    """A check for the rounds: a finding for each checkout that has a fix, at the checkout."""
    text = Text(source.data)
    found = []
    for site in text.sites():
        fix = release_fix(text.evaluator, site.scope, site.statement, site.name)
        if not isinstance(fix, ReleaseFix):
            continue
        edits = text.edits(fix, site)
        where = Position(site.statement.lineno, site.statement.col_offset + 1)
        made = Fix(fix.applicability, fix.message, edits, isolation_of(fix.plan)) if edits else None
        found.append(
            Diagnostic("LEAK", "leak", "leak", source.path, Range(where, where), site.scope.qualified_name, fix=made)
        )
    return found
