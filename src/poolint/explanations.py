"""What there is to say of a rule, as values: for ``poolint rule``, the documentation and reports that have it in them."""

from __future__ import annotations

from poolint.options import described
from poolint.rules.base import documentation
from poolint.rules.registry import INTERNAL, OURS, OWN, addresses, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from poolint.rules.base import Rule
    from poolint.rules.registry import Registry

ALWAYS = dict(sorted({**INTERNAL, **OWN}.items()))
"""What poolint reports without a rule: of itself, and of comments."""

INTERNAL_SUMMARIES = {
    "POL904": "a comment that is to silence something names no rule, or is not written as one",
    "POL900": "poolint or a rule crashed while it checked this file",
    "POL901": "a file cannot be read or parsed",
    "POL902": "a comment silences nothing",
    "POL903": "a file is too large to be analysed, or a function for its lifetimes to be followed",
}

INTERNAL_TEXTS = {
    "POL902": """\
A `# poolint: ignore[…]`, a `# noqa: POL…`, or one of these for a whole file or for several rows, where nothing is found
that it would silence: what it was for has been mended, has moved, or stands on another row. The fix takes out what
silences nothing and leaves all other text of the comment. Only of rules that have run is anything said: a code that was
not selected, in a file where something crashed or a bound was hit, is not unused. Codes of other tools behind `noqa`, and
a `noqa` without codes, are nobody's business here, unless `strict-noqa = true` says that each of them is meant for
poolint.

It is selected like a rule, and judges by the rules that are selected beside it.""",
    "POL904": """\
A comment that is meant to silence something and cannot: it names a code or a rule that does not exist, its bracket is
never closed or empty, codes stand behind it without brackets, a colon is missing, it is another word than `ignore` or
`file-ignore`, one for the whole file does not stand on a row of its own, or a `disable` has no `enable` with the same codes
behind it. No `--select` turns this off;
`--ignore POL904` does.""",
    "POL903": """\
Lifetimes are followed event by event, and a function with more events than a bound allows is given up rather than
followed for minutes. The other rules still look at it. Such a function is usually generated: exclude its file, or split
it where a person would. What functions that call each other in circles do is computed in rounds; where more are needed
than a bound allows, that is said of each function that depends on them. Of a file with more than 1,000 functions, the
first 1,000 are looked into. A file of more than 1.5 MB is not read at all, neither when it is checked nor when a file
that is checked imports it.""",
    "POL900": """\
A detector, a rule or the maker of a fix crashed: the message names it. What it would find in this file is incomplete;
everything else was still checked, and the exit code is 2. This is never the fault of the file: please report it, with
the traceback that the environment variable POOLINT_TRACEBACK=1 prints. Until it is repaired, `--ignore POL900` drops
the finding, but not the exit code.""",
    "POL901": """\
It is missing or unreadable, it is not in the encoding that it declares, or it is no Python that poolint can parse.
Nothing else is reported for such a file. No `--select` turns this off; `--ignore POL901` does.""",
}


def url(code: str, name: str) -> str:
    """Where the rule with this code and name is documented; empty where its distribution does not say that.

    It does so by the URL of a project that is labelled ``Rules``: a page on which each rule has its code and its name as the
    heading, as ``docs/rules.md`` has.
    """
    pages = addresses()
    page = pages.get(OURS if code in ALWAYS else code, "")
    return f"{page}#{code.lower()}-{name}" if page else ""


def known(codes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What there is to know of rules, by their codes; those that nobody brings here are left out."""
    registry = load()
    return {
        code: as_object(registry.rules[code], registry) if code in registry.rules else internal(code)
        for code in codes
        if code in registry.rules or code in ALWAYS
    }


def as_object(one: type[Rule], registry: Registry) -> dict[str, Any]:
    """What there is to know about a rule, as JSON shows it."""
    meta = one.meta
    text = documentation(one)
    sections = {**text.sections, "Options": described(meta)} if meta.options else text.sections
    return {
        "code": meta.code,
        "name": meta.name,
        "summary": meta.summary,
        "fix": meta.fix,
        "default": meta.default,
        "severity": meta.severity,
        "preview": meta.preview,
        "relaxed_in": sorted(meta.off_in),
        "relaxed_for_process_in": sorted(meta.off_for_process_in),
        "options": [{"key": one.key, "default": one.default, "text": one.text} for one in meta.options],
        "since": meta.since,
        "distribution": registry.origins[meta.code],
        "explanation": "\n\n".join([text.summary, *(f"## {title}\n{section}" for title, section in sections.items())]),
    }


def internal(code: str) -> dict[str, Any]:
    """What there is to know of what poolint reports without a rule, as JSON shows it."""
    return {
        "code": code,
        "name": ALWAYS[code],
        "summary": INTERNAL_SUMMARIES[code],
        "fix": "safe" if code == "POL902" else "none",
        "default": True,
        "severity": "warning" if code in OWN else "error",
        "preview": False,
        "relaxed_in": [],
        "relaxed_for_process_in": [],
        "options": [],
        "since": "0.1.0",
        "distribution": "poolint",
        "explanation": INTERNAL_TEXTS[code],
    }
