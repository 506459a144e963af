"""The JSON Schema as it is packed with poolint."""

from __future__ import annotations

import os

from poolint.config.schema import FILE
from poolint.files import read_regular


def schema_text() -> str:
    """The text of the schema that ``python -m poolint.docs`` has written."""
    return read_regular(os.path.join(os.path.dirname(os.path.abspath(__file__)), FILE)).decode("utf-8")
