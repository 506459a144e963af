"""One file to diagnostics: the function that the command line, flake8, pre-commit and editors all call.

Each step imports what it needs when it is reached: a file that the screen rejects costs no parser, and one in which
nothing is observed costs no LibCST.
"""

from __future__ import annotations

import os

from poolint import recording
from poolint.bounds import MOST_LOADED
from poolint.files import SOURCE_LIMIT, TOO_LARGE
from poolint.roots.finder import Finder
from poolint.screen import Ready, Screen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from poolint.analyses.coverage import Seen as Seen
    from poolint.analyses.seen import Settled as Settled
    from poolint.config import Settings
    from poolint.configuration.fleet import Fleet
    from poolint.crashes import Crashes
    from poolint.detect.analysis import Analysis
    from poolint.detect.lasting import Lasting
    from poolint.diagnostics import Diagnostic
    from poolint.facts import Observed
    from poolint.models.schema import Library
    from poolint.options import Given
    from poolint.rules.base import Rule
    from poolint.syntax.project import Module, Project
    from poolint.text.source import Source
    from poolint.traces import Traces


MOST_AGAIN = 6
"""How many times more source may be loaded than is checked with it before it is let go of. Where every file needs most of
the others, this bounds the time in which they are parsed over and over, at the price of memory."""


class Checker:
    """Checks the files of one project under one set of settings. Keeps what it has learned between files.

    When more source than ``most`` bytes is loaded, the host may let go of it (see :meth:`rest`): a finding is a function
    of the code, so nothing depends on what is still known of other files.

    ``rules`` are only looked at when something has been observed, or when plugins may want to see more than that.
    Raises ``ConfigError`` where models and traces that the settings name, or models that packages bring, cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        rules: Mapping[str, type[Rule]],
        most: int = MOST_LOADED,
        read: Callable[[str], bytes] | None = None,
        links: recording.Links | None = None,
    ) -> None:
        """``read`` gives the bytes of a source in place of the disk, for hosts that have texts that are not saved yet.
        ``links``, where a host lets what leads to what be put down, say what a change does not concern."""
        self.settings = settings
        self._read = read
        self._links = links
        self.rules = rules
        self.most = most
        self._own = _own_models(settings)
        self._ready = ready = Ready(self._own)
        self.finder = Finder(ready.libraries, settings.src)
        self.screen = self._new_screen()
        self._traces = _traces(settings) if settings.trace else None
        if self._traces is not None:
            ready.seen = self._traces.files
        self._project: Project | None = None
        self._changed: dict[str, Source] = {}
        """Texts that have taken the place of others while the checker has known them."""
        self._asked: dict[str, int] = {}
        """The files that were checked since it has last let go of what it knew, and their bytes."""
        self._expected: Callable[[], Iterable[str]] = tuple
        self._to_check: frozenset[str] | None = None
        self._left_out: dict[str, None] = {}
        self._analysis: Analysis | None = None
        self._lasting: Lasting | None = None
        self._wanted_calls: bool | None = None
        self._selected: list[type[Rule]] | None = None
        """The rules that run where nothing says otherwise of a file."""
        self._options: Given | None = None

    def is_interesting(self, path: str, data: bytes) -> bool:
        """Whether the file can hold a finding at all: the screen's answer."""
        if self.screen.is_interesting(self.finder.located(path), data):
            return True
        return self._judges_calls() and any(root in data for root in self._subscribed_roots())

    @property
    def warnings(self) -> list[str]:
        """A line for each file that was to be asked for something and cannot be read."""
        self._keep_told()
        return [
            *(self._project.versions.problems if self._project is not None else []),
            *self._left_out,
            *self._waiting,
        ]

    @property
    def _waiting(self) -> list[str]:
        from poolint.selection import on_trial, written

        return on_trial(self.settings, self.rules.values()) if written(self.settings) else []

    def _keep_told(self) -> None:
        """Put down what the analysis has to report at the end, since it may be let go of before."""
        if self._analysis is not None:
            self._left_out.update(dict.fromkeys(self._analysis.spending.left_out))

    @property
    def kept(self) -> int:
        """The bytes of source that are known as a whole, as they are now."""
        return self._project.whole if self._project is not None else 0

    @property
    def is_full(self) -> bool:
        """Whether so much source is loaded that what is known of it should be let go of before the next file."""
        loaded = self._project.loaded if self._project is not None else 0
        return loaded > self.most and loaded <= MOST_AGAIN * sum(self._asked.values())

    def rest(self) -> None:
        """Let go of all modules and of what was learned of them. What is kept are texts and plain values.

        Trees and scopes refer to each other both ways: it takes the garbage collector, which may be off, to free them.
        """
        if self._project is None:
            return
        import gc

        versions = self._project.versions
        self._keep_told()
        self._asked.clear()
        self._analysis = self._lasting = self._project = None
        gc.collect()
        if not gc.isenabled():
            # The process is ours: what is still there, such as the models, need not be looked through again. The next
            # project is made after that: what is frozen, and in a ring with what it will load, would never be freed.
            gc.freeze()
        self._project = self._new_project()
        self._project.versions = versions

    def _new_project(self) -> Project:
        from poolint.syntax.project import Project

        project = Project(self.finder, self._source_of)
        project.target = self.settings.target
        project.traces = self._traces
        project.is_expected = self._is_expected
        return project

    def expect(self, paths: Callable[[], Iterable[str]]) -> None:
        """Say which files will be checked, as is known when the first is: what they import from each other is read as a
        whole at once. No finding depends on it."""
        self._expected, self._to_check = paths, None

    def _is_expected(self, path: str, data: bytes) -> bool:
        if self._to_check is None:
            self._to_check = frozenset(map(self.finder.located, self._expected()))
        return path in self._to_check and self.is_interesting(path, data)

    def _source_of(self, path: str) -> Source:
        """The text of a file as it was last given to this checker, or else as it stands on disk."""
        from poolint.text.source import Source

        changed = self._changed.get(path)
        if changed is None and self._read is not None:
            try:
                return Source.from_bytes(path, self._read(path))
            except OSError:
                pass  # which is said as of any file
        return Source.read(path) if changed is None else Source.from_bytes(changed.path, changed.raw)

    def renew(self, paths: Iterable[str]) -> None:
        """Sources have other texts than when they were last asked for: let go of what rests on the old ones.

        For hosts that live longer than a run. Trees of other files stay: of these goes only what was learned, and rests on it.
        """
        from poolint.text.source import SourceError

        self.screen = self._new_screen()
        project, located = self._known_project(), {self.finder.located(path) for path in paths}
        for path in located:
            self._changed.pop(path, None)
            try:
                source = self._source_of(path)
                if project.known(path) is not None:
                    project.replace(source)
                else:
                    project.renew(path, source.data)
            except SourceError:
                continue  # in the midst of a change: what it was before is nearer than nothing
        self._let_go(located)

    def _let_go(self, changed: Iterable[str]) -> None:
        """Texts have changed, and the project knows: let go of what was learned, but for what has nothing to do with them."""
        self._keep_told()
        project, former, self._analysis = self._known_project(), self._analysis, None
        if self._links is not None:
            from poolint.detect.lasting import Lasting

            self._lasting = self._lasting or Lasting(self._links)
            self._lasting.let_go(former, project, changed)
        project.reopened.clear()

    def check(self, source: Source) -> list[Diagnostic]:
        """All findings in one file, sorted, before any suppression by comments. It raises what :meth:`judged` does."""
        return self.judged(source)[0]

    def judged(self, source: Source) -> tuple[list[Diagnostic], list[Diagnostic]]:
        """The same, and beside it what is not reported since its rules are off in such a place.

        Raises:
            SourceError: the file cannot be parsed.
            ConfigError: the options of a rule cannot be used.
        """
        if len(source.data) > SOURCE_LIMIT:
            return [_too_large(source)], []
        module, analysis, observed, crashes = self.observed(source)
        is_on_request = all(one.on_request for _, one in observed)
        if is_on_request and not self.settings.asks_for_more and not self._judges_calls():
            return crashes.diagnostics(source.path), []
        from poolint.judgement import Judgement

        rules, options = self._rules_for(source.path), self._options_of_rules()
        relative = os.path.relpath(source.path, self.settings.root).replace(os.sep, "/")
        judgement = Judgement(module, analysis, observed, rules, relative, crashes, options)
        found = judgement.diagnostics(), judgement.silenced()
        if len(crashes):
            self._analysis = None
        return found

    def observed(self, source: Source, *, asks_why: bool = False) -> tuple[Module, Analysis, Observed, Crashes]:
        """All that is observed in a file, and which detectors crashed over it.

        With ``asks_why`` also what the settings do not ask for, and what detectors have let pass.

        What they were about to learn when they crashed is half known: it is thrown away, and the others are asked anew.

        Raises:
            SourceError: the file cannot be parsed.
        """
        from poolint.crashes import Crashes

        crashes = Crashes()
        while True:
            known = len(crashes)
            module, analysis = self.analysed(source)
            if asks_why:
                analysis.is_thorough = analysis.asks_for_more = analysis.asks_why = True
            found = analysis.observations(module, crashes)
            if len(crashes) == known:
                return module, analysis, found, crashes
            self._analysis = None

    def seen(self, source: Source) -> Seen | None:
        """What is and is not seen of the functions of a file that reach a database; None of one that is too large.

        Raises:
            SourceError: the file cannot be parsed.
        """
        if len(source.data) > SOURCE_LIMIT:
            return None
        module, analysis = self.analysed(source)
        return analysis.coverage.of(module)

    def analysed(self, source: Source) -> tuple[Module, Analysis]:
        """The module that a file is, and the services that know about it.

        Raises:
            SourceError: the file cannot be parsed.
        """
        return self._module(source), self._services()

    def _services(self) -> Analysis:
        if self._analysis is None:
            from poolint.detect.analysis import Analysis
            from poolint.models.loader import load

            settings = self.settings
            self._analysis = Analysis(
                self._known_project(), load(self._own), self.screen, settings.budget, settings.root
            )
            self._analysis.is_thorough = settings.certainty == "possible"
            self._analysis.asks_for_more = settings.asks_for_more
            if self._lasting is not None:
                self._lasting.hand_over(self._analysis, self._known_project())
        return self._analysis

    def _new_screen(self) -> Screen:
        screen = Screen(self.finder, self._read, self._ready)
        # What the screen asks the project: who fills an interface, by name or by methods, and who makes objects of a class.
        screen.heirs = lambda name, path: self._known_project().fillers(name, path, recording.sight(path))
        screen.writers = lambda names, path: self._known_project().writers(names, path, recording.sight(path))
        screen.makers = lambda name, path: self._known_project().makers(name, path, recording.sight(path))
        return screen

    def _known_project(self) -> Project:
        if self._project is None:
            self._project = self._new_project()
        return self._project

    def fleet(self) -> Fleet:
        """The deployments of the project with the engines of their services."""
        return self._services().spending.fleet

    def _module(self, source: Source) -> Module:
        project = self._known_project()
        path = self.finder.located(source.path)
        self._asked[path] = len(source.data)
        known = project.known(path)
        if known is not None and known.source.data == source.data:
            project.complete(known)
            return known
        was_asked_for = known is not None or project.is_broken(path)
        if known is not None:
            self._changed[path] = source.bare()
        module = project.replace(source)
        if was_asked_for or project.reopened:
            self._let_go([path])  # what was learned of the old text holds no more
        return module

    def _judges_calls(self) -> bool:
        """Whether some rule wants to see calls that nothing was observed at; only rules of plugins may."""
        if self._wanted_calls is None:
            from poolint.rules.registry import has_plugins

            self._wanted_calls = has_plugins() and any(
                rule.meta.subscription.names or rule.meta.subscription.roles for rule in self.rules.values()
            )
        return self._wanted_calls

    def _subscribed_roots(self) -> frozenset[bytes]:
        """The import roots of the names that rules of plugins subscribe to."""
        return frozenset(
            name.partition(".")[0].encode() for rule in self.rules.values() for name in rule.meta.subscription.names
        )

    def _options_of_rules(self) -> Given:
        """The options of the rules, checked once. Raises ``ConfigError``."""
        if self._options is None:
            from poolint.options import resolved

            self._options = resolved(self.settings, self.rules.values())
        return self._options

    def _rules_for(self, path: str) -> list[type[Rule]]:
        from poolint.selection import enabled, ignored_in, ignoring, some

        if self._selected is None:
            codes = enabled(self.settings, some(self.rules).values())
            self._selected = [rule for code, rule in sorted(self.rules.items()) if code in codes]
        ignored = ignored_in(self.settings, path)
        return [rule for rule in self._selected if not ignoring(ignored, rule.meta)]


def _traces(settings: Settings) -> Traces | None:
    """What test runs have seen, as the settings name them."""
    from poolint import traces
    from poolint.config import ConfigError, shown

    try:
        return traces.read(settings.trace, shown)
    except traces.TraceError as error:
        raise ConfigError(str(error)) from None


def _own_models(settings: Settings) -> tuple[Library, ...]:
    """The models of the project and of installed packages; those of the project come last, so that they decide."""
    from poolint.rules.registry import has_plugins

    is_brought = has_plugins("poolint.models")
    if not settings.models and not is_brought:
        return ()
    from poolint.config import ConfigError, shown
    from poolint.models import own
    from poolint.models.build import ModelError
    from poolint.models.loader import libraries

    try:
        return own.read((*(own.brought() if is_brought else ()), *settings.models), libraries(), shown)
    except ModelError as error:
        raise ConfigError(str(error)) from error


def _too_large(source: Source) -> Diagnostic:
    """A bound that was hit is reported, not hidden."""
    from poolint.diagnostics import Diagnostic, Position, Range

    start = Position(1, 1)
    return Diagnostic("POL903", "bound-hit", TOO_LARGE, source.path, Range(start, start))
