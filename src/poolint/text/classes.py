"""What finds the statements of classes in a text, without parsing it."""

from __future__ import annotations

import re

_HEAD = rb" (\w+)(?:[^\w\n:(][^\n:(]*)?\(([^:]{0,9999})\)[ \t]*:"
_NOTHING = rb'[ \t]*(?:\n\s*(?:"""[^"]*"""|"[^"\n]*"))?\s*(?:(?:\.\.\.|pass)[ \t]*(?:#[^\n]*)?)?\s*(?=\n\S|\Z)'
"""The body of a class that has nothing but its docstring."""

CLASS = re.compile(rb"\nclass" + _HEAD)
"""The head of a class at the margin that has bases: its name, and these."""

JOINS = re.compile(_HEAD + _NOTHING)
"""A class that has bases and writes nothing of its own, from behind its keyword on."""

JOINING = b"..."
"""What tells the question for what a class joins from that for its heirs."""
