"""The entry point: which subcommand, and what the process itself needs.

The plain ``poolint [check] PATH…`` never sees argparse, which would cost as much as checking a clean file does.
"""

from __future__ import annotations

import os
import sys

COMMANDS = ("check", "rule", "why", "holds", "budget", "coverage")


def run() -> None:
    """The command: :func:`main`, then the end of the process at once.

    Taking down some hundred thousand nodes of syntax one by one would cost a fifth of a long run.
    """
    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def main(argv: list[str] | None = None) -> int:
    """Run poolint and return the exit code: 0 clean, 1 findings, 2 when it was asked wrongly or something crashed.

    Without ``argv`` the process is taken to be poolint's own: then the garbage collector and warnings are off, which
    a host that calls this with arguments would not thank us for.
    """
    if argv is None:
        argv = sys.argv[1:]
        _own_process()
    try:
        code = _dispatch(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python must not try to flush the rest on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception:
        import traceback

        traceback.print_exc()
        sys.stderr.write("poolint: this is a bug: please report it to its maintainers with the lines above\n")
        return 2
    return code


def _dispatch(argv: list[str]) -> int:
    from poolint.config import ConfigError

    try:
        rest = argv[1:] if argv[:1] == ["check"] else argv
        if (argv and argv[0] in COMMANDS[1:]) or any(argument.startswith("-") for argument in rest):
            from poolint.cli.arguments import parse

            return parse(argv)
        from poolint.cli.check import Arguments, check

        return check(Arguments(paths=rest))
    except ConfigError as error:
        sys.stderr.write(f"poolint: error: {error}\n")
        return 2


def _own_process() -> None:
    import gc
    import warnings

    # Nothing of ours is worth collecting before the process ends, and trees of syntax make the collector run often.
    gc.disable()
    # What Python has to say about the literals of the analysed code is not ours to tell.
    warnings.simplefilter("ignore")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
