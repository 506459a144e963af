"""The JSON Schema of findings as it is packed with poolint."""

from __future__ import annotations

import os

from poolint.files import read_regular

FILE = "findings.schema.json"


def schema_text() -> str:
    """The text of the schema of what ``--output-format json`` prints."""
    return read_regular(os.path.join(os.path.dirname(os.path.abspath(__file__)), FILE)).decode("utf-8")
