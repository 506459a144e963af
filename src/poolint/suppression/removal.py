"""The fix for a comment that silences nothing: what is dead in it goes, and all other text stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poolint.diagnostics import Applicability, Edit, Fix, Position, Range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poolint.suppression.comments import Directive, Selector
    from poolint.text.source import Source


def removal(source: Source, comment: Directive, unused: Sequence[Selector] | None = None) -> Fix | None:
    """The fix that takes ``unused`` out of a comment, or the comment where these are all of it or it names none.

    None where what would be left is a comment that another tool may take for its own: ``noqa: POL101 type: ignore``.
    """
    dead = {one.start for one in unused or ()}
    kept = [one for one in comment.selectors or () if one.start not in dead]
    both = [comment] if comment.until is None else [comment, comment.until]
    if kept and unused is not None:
        texts = {one.text.upper() for one in kept}
        others = [{one.text.upper(): one for one in other.selectors or ()} for other in both[1:]]
        each = [kept, *([one for text, one in other.items() if text in texts] for other in others)]
        shorter = tuple(_shortened(source, one, left) for one, left in zip(both, each, strict=True))
        return Fix(Applicability.SAFE, "Remove what silences nothing", shorter)
    edits = [_whole(source, one) for one in both]
    gone = tuple(one for one in edits if one is not None)
    return Fix(Applicability.SAFE, "Remove the comment", gone) if len(gone) == len(edits) else None


def _shortened(source: Source, comment: Directive, kept: Sequence[Selector]) -> Edit:
    """Only the codes go, and the rest stay as they are written."""
    assert comment.selectors is not None
    first, last = comment.selectors[0], comment.selectors[-1]
    written = source.lines[comment.row - 1][first.start : last.end]
    separator = ", " if ", " in written else "," if "," in written else " "
    content = separator.join(one.text for one in kept)
    return Edit(_range(comment.row, first.start, last.end), content)


def _whole(source: Source, comment: Directive) -> Edit | None:
    line = source.lines[comment.row - 1]
    text = line.rstrip("\r\n")
    behind = text[comment.rest : comment.stop]
    if comment.reason:
        if _may_be_a_directive(comment.reason):
            return None
        space = behind[len(behind.rstrip()) :]
        return Edit(_range(comment.row, comment.start, comment.stop), f"# {comment.reason}{space}")
    if comment.stop < len(text):
        return Edit(_range(comment.row, comment.start, comment.stop), "")
    before = text[: comment.start].rstrip()
    if before:
        return Edit(_range(comment.row, len(before), comment.stop), "")
    if len(line) == len(text):
        return Edit(_range(comment.row, 0, comment.stop), "")
    return Edit(Range(Position(comment.row, 1), Position(comment.row + 1, 1)), "")


def _may_be_a_directive(reason: str) -> bool:
    """Whether a text means something to some tool once it begins a comment: a single word, or one and a colon."""
    word, _, more = reason.partition(" ")
    return not more.strip() or ":" in word or more.lstrip()[:1] in (":", "=")


def _range(row: int, start: int, end: int) -> Range:
    return Range(Position(row, start + 1), Position(row, end + 1))
