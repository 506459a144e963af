"""Texts that an expression with an unlucky repeat would look at again and again: shapes of ``hostile.py``."""

from __future__ import annotations

HEAD = "from sqlalchemy import create_engine\nfrom sqlalchemy.orm import Session\nengine = create_engine('x')\n"

TEXTS = {
    "text: bytes literal": f"{HEAD}x = b'{'ab' * 50_000}'\n",
    "text: file-ignore comments": HEAD + "# poolint: file-ignore[" * 8_000 + "\n",
    "text: a long code": f"{HEAD}def f(s: Session):\n    s.close(1)  # noqa: {'A' * 100_000}\n",
    "text: comments with CR LF": HEAD + "class A:\r\n" + "# x\r\n" * 20_000 + "x = 1\r\n",
    "text: comments that end in a colon": HEAD + "class A:\n" + "#:\n" * 20_000 + "x = 1\n",
    "text: arrows": HEAD + "def f(\n" + ") -> \n" * 20_000 + "): pass\n",
    "text: imports that do not end": HEAD + "from a import (\n" * 7_000 + ")\n",
    "text: empty rows": HEAD + " \n" * 100_000 + "x = 1\n" + " " * 100_000 + "\n",
    "text: quotes and backslashes": HEAD + "x = '''a'''\n" + '"\\' * 50_000 + "\n",
    "text: triple quotes and backslashes": HEAD + "x = '''a'''\ny = " + '"""\\' * 30_000 + "\n",
    "text: rows that go on": HEAD + "from x import a" + "\\\n" * 50_000 + "\n",
    "text: calls in a row": HEAD + "; ".join(["session.close()"] * 5_000) + "\n",
    "text: annotations": f"{HEAD}class A:\n    def __init__(self):\n        {'self.a:' * 20_000}\n",
    "text: classes that do not end": HEAD + "\nclass a(" * 10_000 + "\n",
}
