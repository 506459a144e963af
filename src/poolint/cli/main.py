"""The entry point: which subcommand, and what the process itself needs.

The plain ``poolint [check] PATH…`` never sees argparse, which would cost as much as checking a clean file does.
"""

from __future__ import annotations

import os
import sys

COMMANDS = (
    "check", "rule", "config", "why", "holds", "budget", "coverage", "baseline", "merge", "unit", "fleet", "clean",
    "server", "completions", "dev",
)  # fmt: skip

ENVIRONMENT = ("POOLINT_OUTPUT_FORMAT", "POOLINT_OUTPUT_FILE")
"""Variables that stand in for options of `check` that are not given."""

is_own = False
"""Whether the process is poolint's own: no host's, which would not thank us for other processes and the like."""


def run() -> None:
    """The command: :func:`main`, then the end of the process at once.

    Taking down some hundred thousand nodes of syntax one by one would cost a fifth of a long run.
    """
    try:
        code = main()
    except SystemExit as end:  # argparse: it has said what is wrong, or shown what was asked for
        code = end.code if isinstance(end.code, int) else 2
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        pass
    except OSError as error:
        code = _failed(error)
    try:
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
    if sys.stdout is None:
        return _say("poolint: error: standard output is closed")
    try:
        code = _dispatch(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough, which ruff takes for success.
        _drop_output()
        return 0
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        return _failed(error)
    except Exception:
        import traceback

        traceback.print_exc()
        return _say("poolint: this is a bug: please report it to its maintainers with the lines above")
    return code


def _dispatch(argv: list[str]) -> int:
    from poolint.config import ConfigError

    try:
        if argv[:1] != ["rule"]:
            _need_directory()
        rest = argv[1:] if argv[:1] == ["check"] else argv
        if argv and argv[0].isalpha() and argv[0] not in COMMANDS and not os.path.lexists(argv[0]):
            _refuse_command(argv[0])
        asks = any(argument.startswith(("-", "@")) for argument in rest) or any(map(os.environ.get, ENVIRONMENT))
        if (argv and argv[0] in COMMANDS[1:]) or asks:
            from poolint.cli.arguments import parse

            return parse(argv)
        from poolint.cli.check import Arguments, check

        return check(Arguments(paths=rest))
    except ConfigError as error:
        from poolint.output.text import printable

        return _say(f"poolint: error: {printable(str(error))}")


def _refuse_command(word: str) -> None:
    """Raises ``ConfigError`` for a word that no file has for a name, and that is nearly that of a command."""
    from poolint.config import ConfigError, nearest

    if hint := nearest(word, COMMANDS):
        raise ConfigError(f"there is no command and no file {word!r}{hint}")


def _need_directory() -> None:
    """Raises ``ConfigError`` where the working directory has been deleted: no path means anything there."""
    try:
        os.getcwd()
    except OSError:
        from poolint.config import ConfigError

        raise ConfigError("the working directory does not exist any more") from None


def _failed(error: OSError) -> int:
    """What the system refuses and no single file is to blame for, in one line: above all a full disk behind stdout."""
    if os.environ.get("POOLINT_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    what = repr(os.fsdecode(error.filename)) if isinstance(error.filename, (str, bytes)) else "standard output"
    if what == "standard output":
        _drop_output()
    return _say(f"poolint: error: {what}: {error.strerror or error}")


def _drop_output() -> None:
    """Let nothing more go to standard output: Python must not try to flush the rest once more on its way out."""
    try:
        handle = sys.stdout.fileno()
    except (OSError, ValueError):  # a host has put something else in its place
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, handle)
    os.close(null)


def _say(line: str) -> int:
    """Write a line to standard error, if that takes any, and return 2."""
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except OSError:
        pass
    return 2


def _own_process() -> None:
    from poolint.process import make_own

    global is_own
    is_own = True
    _keep_standard_handles()
    make_own()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _keep_standard_handles() -> None:
    """Give the handles 0 to 2 to the null device where they are closed.

    Otherwise the next file that is opened gets one of them, and what a library writes to standard error ends in it.
    """
    for handle, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)):
        if stream is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != handle:
                os.dup2(null, handle)
                os.close(null)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
