"""How the documentation is built, by ``python tools/documentation.py``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tools"))

from documentation import add_menu, write_rules  # noqa: E402

project = "poolint"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
html_theme = "furo"
html_title = "poolint"
html_show_copyright = False
nitpicky = True
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]  # of fragments of programs, with `…` in them


def setup(app: Any) -> None:
    write_rules(HERE)
    app.connect("source-read", add_menu)
