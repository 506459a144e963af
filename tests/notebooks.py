"""Notebooks for tests, as Jupyter writes them."""

from __future__ import annotations

import json
from typing import Any

PAYMENTS = (
    "# Payments\nWhat the shop has charged.",
    "%load_ext autoreload\n!pip install -q asyncpg httpx\nimport asyncpg\nimport httpx",
    "pool = await asyncpg.create_pool('postgresql://shop')",
    (
        "async def pay(client: httpx.AsyncClient, amount: int) -> None:\n"
        "    conn = await pool.acquire()\n"
        "    await conn.execute('INSERT INTO payments VALUES ($1)', amount)\n"
        "    await pool.release(conn)"
    ),
    "%%sql\nSELECT count(*) FROM payments",
    (
        "async with httpx.AsyncClient() as client, pool.acquire() as conn:\n"
        "    orders = await conn.fetch('SELECT * FROM orders')\n"
        "    %time await client.get('https://pay.example')\n"
    ),
    "pool.close()",
)
"""Seven cells: words, four of Python, one of SQL, and one more of Python."""


def notebook(*cells: str, **more: Any) -> str:
    """The document of a notebook with these cells; one that begins with ``# `` and a capital letter has words in it."""
    found = []
    for number, text in enumerate(cells, 1):
        is_words = text.startswith("# ") and text[2:3].isupper()
        one: dict[str, Any] = {"cell_type": "markdown" if is_words else "code", "id": f"c{number}", "metadata": {}}
        if not is_words:
            stream = {"name": "stdout", "output_type": "stream", "text": ["Zahlung für Jürgen\n"]}
            one = {
                "cell_type": "code",
                "execution_count": number,
                "id": f"c{number}",
                "metadata": {},
                "outputs": [stream],
            }
        found.append({**one, "source": text.splitlines(keepends=True)})
    about = {
        "kernelspec": {"language": "python", "name": "python3"},
        "language_info": {"name": "python", "version": "3.12"},
    }
    made = {"cells": found, "metadata": about, "nbformat": 4, "nbformat_minor": 5, **more}
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"
