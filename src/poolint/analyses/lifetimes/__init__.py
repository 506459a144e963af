"""Lifetimes of checkouts: what a function owes, what it does about it, and whether the two agree at each of its exits.

Three modules: :mod:`owed` finds where an obligation begins, :mod:`done` says what each event does to it, and
:mod:`paths` follows it over the control-flow graph to the exits where it is still owed.
"""
