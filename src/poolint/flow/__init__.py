"""The control-flow graph of a function, and what is solved over it; nothing in here knows a library."""
