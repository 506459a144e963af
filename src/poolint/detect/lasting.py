"""What of an analysis still holds when texts have changed: what neither they nor anything that rests on them has a part in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint import recording
from poolint.syntax.living import Living

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poolint.detect.analysis import Analysis
    from poolint.recording import Links
    from poolint.syntax.project import Project

MOST = 0.5
"""The part of the files that a change may concern: where it is more, sorting what still holds takes longer than it saves."""


class Lasting:
    """What was learned before some changes, for the analysis that comes after them. ``links`` have all that has led to
    what since the project is known."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._former: Analysis | None = None
        self._living = Living()
        self._concerned: set[str] = set()
        """The files of which something else may be so since then."""

    def forget(self) -> None:
        """Nothing of what was learned is to be believed."""
        self._former = None
        self._living = Living()
        self._concerned.clear()

    def let_go(self, former: Analysis | None, project: Project, changed: Iterable[str]) -> None:
        """Files have changed, as the project knows: what has been learned, by a ``former`` analysis if there was one since
        the last time, holds only for what they do not concern."""
        if former is not None:
            self._former = former
        ends = set(project.reopened)
        for path in changed:
            ends |= {path, recording.sight(path)}
            for question in project.reopened:  # one of them has come to the answer, or has gone
                self._links.answered(question, [path])
        self._concerned |= self._links.leading(ends)

    def hand_over(self, analysis: Analysis, project: Project) -> None:
        """Let a new analysis have what still holds."""
        modules = project.modules
        concerned = sum(one.path in self._concerned for one in modules)
        if self._former is None or concerned > MOST * len(modules):
            self.forget()
            return
        self._living.renew(modules, self._concerned)
        analysis.inherit(self._former, self._living)
        self._living.done()
        self._former = None
        self._concerned.clear()
