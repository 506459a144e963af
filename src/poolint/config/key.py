"""What one setting is: a :class:`Key` is declared once, and read, shown, documented and checked by that."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic, TypeVar, overload

    T = TypeVar("T")
else:
    # typing would take a good part of the time in which a clean file is checked.
    T = None

    class Generic:
        def __class_getitem__(cls, _: object) -> type:
            return cls


class Key(Generic[T]):
    """A setting, declared as an attribute of :class:`~poolint.config.settings.Settings`, whose name it takes.

    ``kind`` is one of :data:`poolint.config.kinds.KINDS`: what it may be, how it is read, and what a JSON Schema says of
    it. ``default`` holds where nobody says anything. ``text`` is its documentation, ``example`` a value as TOML has it.
    ``choices`` are all that it may be. ``adds``: what several files say is added up, and not replaced. ``flag`` is its option
    on the command line, if it has one, which ``help`` explains.
    """

    name = attribute = ""

    def __init__(
        self,
        kind: str,
        default: T,
        text: str,
        *,
        section: str,
        example: str,
        choices: tuple[str, ...] = (),
        adds: bool = False,
        flag: str = "",
        help: str = "",
    ) -> None:
        self.kind = kind
        self.default = default
        self.text = text
        self.section = section
        self.example = example
        self.choices = choices
        self.adds = adds
        self.flag = flag
        self.help = help

    @property
    def is_table(self) -> bool:
        """Whether it is a table of pairs."""
        return self.kind in ("ignores", "severities")

    def __set_name__(self, owner: type, name: str) -> None:
        self.attribute = name
        self.name = name.replace("_", "-")

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type) -> Key[T]: ...
        @overload
        def __get__(self, instance: object, owner: type) -> T: ...
        def __get__(self, instance: object, owner: type) -> Key[T] | T: ...

    else:

        def __get__(self, instance: object, owner: type) -> object:
            # What is set stands in the instance itself, which comes first.
            return self if instance is None else self.default
