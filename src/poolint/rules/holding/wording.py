"""What rules about held connections say in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from poolint.analyses.sinks import UNKNOWN_EFFECT
from poolint.diagnostics import Certainty
from poolint.rules.base import Verdict

if TYPE_CHECKING:
    from poolint.analyses.waypoints import What
    from poolint.detect.loop_waits import BlockingWait
    from poolint.detect.outliving import Owner
    from poolint.detect.streaming import StreamedFrom
    from poolint.detect.waiting import CallWhileHeld

_WAITED_FOR = {
    "http": "an HTTP request",
    "mail": "mail",
    "object-store": "an object store",
    "object": "an object store",
    "chat": "a chat service",
    "rpc": "a remote procedure call",
    "name": "the name of a host to be resolved",
    "llm": "a language model",
    "queue": "a message broker",
    "broker": "a message broker",
    "subprocess": "a subprocess",
    "client": "its client",
}
_LOCKS: dict[What, str] = {
    "row-lock": "a row lock",
    "maybe-row-lock": "maybe a row lock",
    "table-lock": "a table lock",
    "advisory-lock": "an advisory lock",
}
OWNERS: dict[Owner, str] = {"block": "its block", "request": "the request"}
"""With what the life of a session ends."""


def waited_for(effect: str) -> str:
    """What a call with this effect waits for, in words."""
    return _WAITED_FOR.get(effect, effect)


PAUSES = {
    "sleep": "sleeps",
    "retry": "may back off and sleep after a failure",
    "pace": "may sleep to keep to a rate",
    "user": "waits for the user's answer",
}
"""What a call with one of these effects does: nothing comes of it but that time passes."""

LONG_WAITS = {
    "wait": "waits for others",
    "lock": "waits for a lock",
    "room": "may wait for a free place in the queue",
}
"""What a call with one of these effects does: others in this process have to act first."""


def waits(call: CallWhileHeld) -> str:
    """What a call does, as far as it is known: `waits for an HTTP request`."""
    if call.effect == UNKNOWN_EFFECT:
        return "may wait for something outside, as nothing is known of it,"
    return f"{'may wait' if call.is_possible else 'waits'} for {waited_for(call.effect)}"


def chain(call: CallWhileHeld | BlockingWait) -> str:
    """The functions down to the one that waits: `charge → AsyncClient.post`."""
    return " → ".join(name.removeprefix("builtins.") for name in call.names)


def while_held(call: CallWhileHeld) -> str:
    """What is held meanwhile, and since when: the connection, and locks of the database that others wait for."""
    row = call.begun.range.start.row
    locks = [(_LOCKS[one.what], one.range.start.row) for one in call.locks]
    if call.transaction:
        held = "".join(
            f"{' and' if index else ' and holds'} {kind} (line {at})" for index, (kind, at) in enumerate(locks)
        )
        place = f"in `{call.holder}`" if call.holder else f"(line {row})"
        return f"while the transaction of `{call.transaction}` {place} is open{held}"
    first = "".join(f" and {kind}" for kind, at in locks if at == row)
    later = "".join(f" and {kind} (since line {at})" for kind, at in locks if at != row)
    of, begun = (f" of `{call.holder}`", "") if call.holder else ("", f" (since line {row})")
    return f"while `{call.resource}`{of} holds a connection{first}{begun}{later}"


def does(call: CallWhileHeld, what: str) -> str:
    """What a call does, after the worse that comes of it where a coroutine waits without letting others run."""
    return f"blocks the event loop: it {what}" if call.stops_loop else what


def what_becomes(stream: StreamedFrom) -> str:
    """What becomes of the connection of a streamed response, by when its owner ends."""
    again = "the connection has been released by then"
    if stream.cls.kind == "session":
        again = "the closed session takes a connection again, which nobody releases"
    if stream.end == "before-response":
        return f"ends with {OWNERS[stream.ends]}, before the first line is sent: {again}"
    if stream.end:
        return f"ends with {OWNERS[stream.ends]}: it holds a connection until the client has read everything"
    return f"ends with {OWNERS[stream.ends]}: {again}, or it holds a connection until the client has read everything"


def verdict(call: CallWhileHeld, message: str, decision: str = "") -> Verdict:
    """The finding, with the path from where the connection is taken to the call that waits."""
    certainty = Certainty.POSSIBLE if call.is_possible else Certainty.CERTAIN
    return Verdict(message, call.names[-1], call.path, certainty, decision=decision, elsewhere=call.above)


def of_stretch(call: CallWhileHeld, message: str) -> Verdict:
    """The same of a call that is told with others of its kind: whoever lets go of the connection before the first of them
    does so before all that come after it."""
    return replace(verdict(call, message, call.stretch), after=call.after)
