"""What the events of a function change about the connections that it holds.

A session holds from the first statement that may reach the database until it is committed, rolled back or closed, by
itself or by a function of the project that it is passed to. A connection holds while its block lasts, or from where it
is checked out by hand until it is given back; one that was opened outside of any pool is nobody else's, and not reported.
The block of an engine's or a connection's transaction holds from entry.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from poolint.analyses.arguments import arguments_of, whole_call
from poolint.analyses.awaited_tasks import is_left_to_itself
from poolint.analyses.handed_coroutines import never_begins
from poolint.analyses.holding.added import added_method, listens_on, may_be_session, passed_as, receiver_of
from poolint.analyses.holding.asked_arguments import asked_by
from poolint.analyses.holding.changes import Change, Changes, Done
from poolint.analyses.holding.exit_stacks import stacked, take_by_stack
from poolint.analyses.holding.exit_summaries import Left
from poolint.analyses.holding.given_sessions import resource_class, taken_by_work
from poolint.analyses.holding.lending_generators import end_with_loops, lend_to_loops
from poolint.analyses.holding.objects import Objects
from poolint.analyses.holding.reloading import reloaded
from poolint.analyses.holding.taken_for_blocks import may_take_for_block, taken_for_block
from poolint.analyses.holding.transactions import (
    UNNAMED,
    entered_call,
    given_name,
    handles,
    lent_to,
    source_of,
    taken_as_entered,
    transactions,
)
from poolint.analyses.joined import called_in_thread
from poolint.analyses.ownership import Fate
from poolint.analyses.property_reads import always_run
from poolint.analyses.queried import Queried
from poolint.flow.flags import name_of
from poolint.models.schema import ENDING_ROLES, SESSIONS, TAKING_ROLES
from poolint.syntax.expressions import call_arguments, first_name, names_bound
from poolint.syntax.scopes import parent_of
from poolint.syntax.surroundings import loops_around
from poolint.types.call_sites import call_site, callees_of, own_object, text_of
from poolint.types.plain import is_plain
from poolint.types.values import ClassObject, Function
from poolint.types.vocabulary import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poolint.analyses.effects import Effects
    from poolint.analyses.holding.exit_summaries import Leaving
    from poolint.analyses.holding.raised import Raising
    from poolint.analyses.lifetimes.acquisitions import Acquisitions
    from poolint.analyses.ownership import Ownership
    from poolint.analyses.session_use import Using
    from poolint.models.schema import Class
    from poolint.syntax.scopes import Scope, WithNode
    from poolint.types.evaluator import Evaluator


class Reader:
    """Reads the changes off the functions of one project."""

    def __init__(
        self, ev: Evaluator, acquisitions: Acquisitions, ownership: Ownership, using: Using, ends: Effects
    ) -> None:
        self.ev = ev
        self.acquisitions = acquisitions
        self.vocabulary = vocabulary = ev.vocabulary
        self.ownership = ownership
        self.using = using
        self.ends = ends
        self.objects = Objects(ev, using, ends)
        self.places = self.objects.places
        self._queried = ev.derived(Queried)
        self.leaving: Leaving | None = None
        """What functions leave held, as the flow says that is made with this reader; and what when they raise."""
        self.raising: Raising | None = None
        self._read: dict[Scope, Changes] = {}
        self._words = vocabulary.of_resources | vocabulary.of_registries | vocabulary.reaches

    def taken(self, scope: Scope) -> list[ast.expr]:
        """Where blocks of a function, or checkouts by hand, take or give back a connection."""
        blocks = self._blocks(scope).copied()
        self._entered(scope, blocks)
        self._iterated(scope, blocks)
        lend_to_loops(self.ev, self.objects, scope, blocks)
        found = [one.node for table in blocks.tables() for changes in table.values() for one in changes]
        reads = always_run(self.ev, scope)
        found += [one.node for one in reads if self.objects.may_do_by(one.function, one.call, scope)]
        return [*found, *(read for read, _ in reloaded(self.ev, scope))]

    def is_near(self, scope: Scope) -> bool:
        """Whether a function may take anything, in blocks or otherwise, by its words and those around it."""
        return self.places.carrying.is_near(scope) or self.objects.is_near_registry(scope)

    def may_take_any(self, scope: Scope) -> bool:
        """Whether a call of a function may do so, by the words of the function: of most, none does."""
        return self.places.carrying.is_read(scope) or self.objects.is_near_registry(scope)

    def may_take(self, call: ast.Call, scope: Scope) -> bool:
        """Whether a call may take a connection: what :meth:`changes` says, before what its helpers do is known."""
        call = called_in_thread(self.ev, call)
        carriers = self.places.carrying.first_names(scope)
        passed = [one for _, one in arguments_of(whole_call(call, scope), scope) if first_name(one) in carriers]
        is_on_carrier = first_name(call.func) in carriers
        if (passed or is_on_carrier or self.objects.is_near_registry(scope)) and self.objects.may_do(call, scope):
            return True
        if passed and self._runs_project(call, passed, scope) and any(self._session(one, scope) for one in passed):
            return True
        is_added = is_on_carrier and added_method(self.ev, call, scope) is not None
        if is_added or next(taken_by_work(self.ev, self.using, call, scope), None) is not None:
            return True
        is_method = isinstance(call.func, ast.Attribute) and call.func.attr in self._words
        return is_method and any(change.holds or change.reverse for change in self._by_method(call, scope))

    def _runs_project(self, call: ast.Call, passed: list[ast.expr], scope: Scope) -> bool:
        """Whether a call that is passed something by name may run a function, or make an object, of the project: asked
        before what it is passed, since most calls are of libraries."""
        if not any(name_of(one) and not is_plain(one, scope) for one in passed):
            return False
        callees = callees_of(self.ev, call, scope)
        return any(
            isinstance(one, Function) or (isinstance(one, ClassObject) and one.cls is not one.base) for one in callees
        )

    def _session(self, node: ast.expr, scope: Scope) -> Class | None:
        """The class of an argument that is a session."""
        if not name_of(node) or is_plain(node, scope):
            return None
        cls = resource_class(self.ev.type_of(node, scope))
        return cls if cls is not None and cls.kind in SESSIONS else None

    def stays(self, call: ast.Call, resource: str, scope: Scope) -> bool:
        """Whether a function of the project is passed a resource, and does no more than to use it, if that, or to end its
        transaction: what it is about then is told by its ways."""
        if not any(isinstance(one, Function) for one in callees_of(self.ev, call, scope)):
            return False
        found = [(keyword, one) for keyword, one in arguments_of(call) if name_of(one) == resource]
        classes = [resource_class(self.ev.type_of(one, scope)) for _, one in found]
        return bool(found) and all(
            cls is not None and self.ownership.fate(call, one, scope, cls, keyword) <= Fate.COMMITTED
            for (keyword, one), cls in zip(found, classes, strict=True)
        )

    def changes(self, scope: Scope) -> Changes:
        """All changes in a function."""
        found = self._blocks(scope).copied()
        self._entered(scope, found)
        carriers = dict(self._carriers(scope))
        for call in scope.calls:
            if (listening := listens_on(self.ev, call, scope)) is not None:
                found.dedicated.add(self.places.named(listening, scope))
            run = called_in_thread(self.ev, call)
            changes = [*self._by_method(run, scope), *self._by_argument(run, scope, carriers)]
            changes = changes if run is call else [one._replace(node=call) for one in changes]
            taken = taken_by_work(self.ev, self.using, call, scope)
            changes += [Change(place, True, call, cls) for place, cls in taken]
            # That what never begins ends nothing either is told where it stands.
            if changes and (never_begins(self.ev, call, scope) or is_left_to_itself(self.ev, call, scope)):
                changes = [one for one in changes if not one.holds]
            if changes:
                found.calls.setdefault(call, []).extend(changes)
        for read in always_run(self.ev, scope) if self.is_near(scope) else ():
            done = self.objects.done_by(read.function, read.call, scope)
            found.calls.setdefault(read.node, []).extend(one.at(read.node) for one in done)
        for node, change in reloaded(self.ev, scope):
            found.calls.setdefault(node, []).append(change)
        self._iterated(scope, found)
        end_with_loops(self.ev, scope, found)
        lend_to_loops(self.ev, self.objects, scope, found)
        return found

    def _blocks(self, scope: Scope) -> Changes:
        """What blocks and checkouts by hand change."""
        found = self._read.get(scope)
        if found is not None:
            return found
        found = self._read[scope] = Changes()
        found.regions = transactions(self.ev, scope)
        for statement in scope.withs:
            for item in statement.items:
                self._with(statement, item, scope, found)
        for one in stacked(scope):
            take_by_stack(self.ev, one, scope, found)
        for site in self.acquisitions.of(scope):
            if site.name and site.cls.kind == "connection" and not (site.cls.embedded or site.fact.is_direct):
                found.calls.setdefault(site.call, []).append(Change(site.name, True, site.call, site.cls, reverse=True))
        if may_take_for_block(scope):
            for call in scope.calls:
                kept = taken_for_block(self.ev, call, scope)
                if kept is not None:
                    found.calls.setdefault(call, []).append(Change(kept[0], True, call, kept[1], reverse=True))
        return found

    # Blocks

    def _with(self, statement: WithNode, item: ast.withitem, scope: Scope, found: Changes) -> None:
        header = item.context_expr
        target = item.optional_vars.id if isinstance(item.optional_vars, ast.Name) else ""
        region = next((one for one in found.regions if one.header is header), None)
        # Whatever the block binds is over with it, also where nothing is known of the context manager.
        over = found.exits[item] = [Change(name, False, header) for name in names_bound(item)]
        over.extend(self._ended_by_manager(header, scope))
        lent = region if region is not None and not region.session else lent_to(statement, header, scope, self.ev)
        if lent is not None:
            name = lent.name(scope) if lent is region else text_of(header, scope)
            found.enters[item] = [Change(name, True, header, lent.fact.cls, block=lent is region, reverse=True)]
            over.append(Change(name, False, header))
            return
        if region is not None:
            if region.fact.method == "begin_nested":
                found.enters[item] = [Change(region.session, True, header, region.fact.cls)]
            if region.fact.method != "begin_nested" or region.session == UNNAMED:
                over.append(Change(region.session, False, header))
            return
        entered = self.ev.entered(self.ev.type_of(header, scope), asynchronous=isinstance(statement, ast.AsyncWith))
        cls = resource_class(entered)
        if cls is None:
            return
        given = given_name(header)
        name = target or given or text_of(header, scope)
        if cls.releases_on_exit and given:
            over.append(Change(given, False, header))  # `with connection as conn:`
        if cls.kind == "connection" and not cls.embedded and taken_as_entered(self.ev, header, scope):
            found.enters[item] = [Change(name, True, header, cls, reverse=True)]
        over.append(Change(name, False, header))

    def _entered(self, scope: Scope, found: Changes) -> None:
        """Note what generators and objects of the project hold while their blocks run, but for what holds from entry."""
        for statement in scope.withs:
            for item in statement.items:
                header = item.context_expr
                target = item.optional_vars.id if isinstance(item.optional_vars, ast.Name) else ""
                over = found.exits.setdefault(item, [])
                over.extend(Change(place, False, header) for place in self.objects.ended_with(header, scope))
                if item not in found.enters and all(one.header is not header or one.session for one in found.regions):
                    made = entered_call(self.ev, header, scope) or header
                    for place, cls in self.objects.entered(made, target, scope):
                        found.enters.setdefault(item, []).append(Change(place, True, header, cls, reverse=True))
                        over.append(Change(place, False, header))
                over.extend(Change(place, False, header) for place in self.objects.over(item, statement, scope))
        for one in stacked(scope):
            if one.ends and one.header is not None and one.call not in found.calls:
                for place, cls in self.objects.entered(one.header, one.target, scope):
                    one.note(place, cls, found)
            for place in self.objects.places_of(self.ev.type_of(one.value, scope), one.bound) if one.bound else ():
                one.end(place, found)

    def _ended_by_manager(self, header: ast.expr, scope: Scope) -> Iterator[Change]:
        """The sessions that are passed to a context manager of the project which ends them."""
        if isinstance(header, ast.Call) and any(
            self._session(one, scope) is not None for one in call_arguments(header)
        ):
            callees = callees_of(self.ev, header, scope)
            if any(isinstance(one, Function) and self.ends.of_function(one.scope) is not None for one in callees):
                for one in call_arguments(header):
                    if self._session(one, scope) is not None:
                        yield Change(self.places.named(one, scope), False, header)

    # Calls

    def _by_method(self, call: ast.Call, scope: Scope) -> Iterator[Change]:
        """What a call of a method changes about what it is called on, or about its argument."""
        name = last_name(call.func)
        if name not in self._words or not isinstance(call.func, ast.Attribute):
            if name in ("release", "putconn"):
                yield from self._given_back(call, scope)
            return
        fact = call_site(self.ev, call, scope)
        if fact is None or fact.cls is None or fact.row is None:
            return
        if fact.role == "release" and getattr(fact.row, "releases", "self") == "argument":
            yield from self._given_back(call, scope)
            return
        cls: Class | None = fact.cls
        if fact.cls.kind == "query":
            if fact.role in TAKING_ROLES:
                yield from self._asked(call, call, scope)
            return
        root = receiver_of(self.ev, call, scope)
        if root is None:
            return
        if isinstance(root, ast.Name) and (session := handles(self.ev, scope).get(root.id)) is not None:
            root, cls = session, self._session(session, scope)
        if root is None:
            return
        if cls is not None and cls.kind in SESSIONS:
            if fact.role in TAKING_ROLES or (
                fact.method == "begin_nested" and not isinstance(parent_of(call), ast.withitem)
            ):
                yield Change(self.places.named(root, scope), True, call, cls)
            elif fact.role in ENDING_ROLES:
                yield Change(self.places.named(root, scope), False, call, cls, reverse=fact.role == "commit")
        elif cls is not None and cls.kind == "connection" and fact.role == "release":
            yield Change(self.places.named(root, scope), False, call)

    def _asked(self, query: ast.expr, node: ast.expr, scope: Scope) -> Iterator[Change]:
        """The session that ``query``, or what a chain of calls begins with, works with takes a connection at ``node``."""
        root = source_of(self.ev, query, scope) or (own_object(query, scope) if isinstance(query, ast.Call) else None)
        cls = resource_class(self.ev.type_of(root, scope)) if root is not None else None
        if root is not None and cls is not None:
            if cls.kind in SESSIONS:
                yield Change(self.places.named(root, scope), True, node, cls)
        elif (found := self.objects.of_query(query, root, scope)) is not None:
            yield Change(found[0], True, node, found[1])

    def _iterated(self, scope: Scope, found: Changes) -> None:
        """Note the queries that loops go over: where one is made for the loop, and else when that asks for an item, unless
        it ends the use itself between two of them."""
        for loop, iterable, _ in self._queried.over(scope):
            for change in self._asked(iterable, iterable, scope):
                asking = iterable if isinstance(iterable, ast.Call) else loop
                if isinstance(asking, ast.Call):
                    found.calls.setdefault(asking, []).append(change)
                elif not any(loop in loops_around(one.node) for one in found.ending(change.resource)):
                    found.rounds.setdefault(loop, []).append(change)

    def _given_back(self, call: ast.Call, scope: Scope) -> Iterator[Change]:
        yield from (Change(self.places.named(argument, scope), False, call) for argument in call.args[:1])

    def _by_argument(self, call: ast.Call, scope: Scope, carriers: dict[str, ast.expr]) -> Iterator[Change]:
        """What a function of the project does with a session that it is passed, or that its object has."""
        whole = whole_call(call, scope)
        passed = [one for one in arguments_of(whole, scope) if may_be_session(one[1]) and not is_plain(one[1], scope)]
        if passed and any(isinstance(one, Function) for one in callees_of(self.ev, whole, scope)):
            for keyword, argument in passed:
                yield from (one._replace(node=call) for one in self._of_helper(whole, keyword, argument, scope))
        yield from (one.at(call) for one in self.objects.done(call, scope))
        function = call.func
        if not isinstance(function, ast.Attribute):
            return
        carried = carriers.get(name_of(function.value))
        if carried is None and isinstance(function.value, ast.Call):
            carried = self._carried(function.value, scope)
        if carried is not None:
            yield from self._of_method(call, name_of(carried), resource_class(self.ev.type_of(carried, scope)), scope)
        elif (added := added_method(self.ev, call, scope)) is not None:
            if self.ends.of_call(call, scope) is not None:
                yield Change(name_of(function.value), False, call)
            elif self.using.parameter(added.method, added.parameter):
                yield Change(name_of(function.value), True, call, added.cls)

    def _of_helper(self, call: ast.Call, keyword: str | None, argument: ast.expr, scope: Scope) -> Iterator[Change]:
        text = passed_as(self.ev, argument, scope)
        cls = resource_class(self.ev.type_of(argument, scope)) if text else None
        if cls is None:
            return
        text = self.places.first(text, scope)
        fate = self.ownership.fate(call, argument, scope, cls, keyword)
        if fate is not Fate.USED:
            is_here = fate is Fate.KEPT and text in self.places.made(call, scope).values()  # what the call gives has it
            left, asked = Left.UNTOUCHED if is_here else Left.ENDED, None
            if self.leaving is not None and cls.kind in SESSIONS and fate in (Fate.COMMITTED, Fate.KEPT):
                left = self.leaving.argument(call, argument, keyword, scope)
                asked = asked_by(self.leaving, left, call, argument, keyword, scope)
            if left is not Left.UNTOUCHED:
                is_held = left in (Left.HELD, Left.RENEWED)
                undone = is_held and self.raising is not None and self.raising.argument(call, argument, keyword, scope)
                if left is Left.RENEWED:
                    yield Change(text, False, call)
                yield Done(text, is_held, cls if is_held else None, left is Left.NEVER, undone, asked).at(call)
        elif cls.kind in SESSIONS and self.using.argument(call, argument, keyword, scope):
            undone = self.raising is not None and self.raising.argument(call, argument, keyword, scope)
            yield Change(text, True, call, cls, undone=undone)

    def _of_method(self, call: ast.Call, text: str, cls: Class | None, scope: Scope) -> Iterator[Change]:
        """What a method of an object that has a session does with that."""
        if not any(isinstance(one, Function) for one in callees_of(self.ev, call, scope)):
            return
        if self.ends.of_call(call, scope) is not None:
            yield Change(text, False, call)
        elif cls is not None and cls.kind in SESSIONS and self.using.uses.of_call(call, scope) is not None:
            yield Change(text, True, call, cls)

    def _carriers(self, scope: Scope) -> Iterator[tuple[str, ast.expr]]:
        """Names of objects that have been made with a session, and the session: ``orders = Orders(session)``."""
        for name, bindings in scope.bindings.items():
            for binding in bindings:
                if binding.kind in ("assign", "annotated") and isinstance(binding.value, ast.Call):
                    carried = self._carried(binding.value, scope)
                    if carried is not None:
                        yield name, carried

    def _carried(self, made: ast.Call, scope: Scope) -> ast.expr | None:
        """The session that an object of the project is made with, where nobody knows what it is called there."""
        if self.places.made(made, scope):
            return None
        for argument in call_arguments(made):
            if self._session(argument, scope) is not None:
                callee = self.ev.type_of(made.func, scope)
                if isinstance(callee, ClassObject) and callee.cls is not callee.base:
                    return argument
                if isinstance(callee, Function) and self.using.keeps(self.ev.type_of(made, scope)):
                    return argument
        return None
