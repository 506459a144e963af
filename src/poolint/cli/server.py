"""``poolint server``: poolint in the editor, over the language server protocol."""

from __future__ import annotations

import sys

from poolint.config import ConfigError


def server() -> int:
    """Serve one client on standard input and output, and return the exit code. Raises ``ConfigError`` without pygls."""
    try:
        from poolint.server.serving import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise ConfigError("poolint server needs pygls: pip install 'poolint[lsp]'") from None
    serve()
    sys.stdout = sys.stderr  # what was standard output is closed with the client
    return 0
