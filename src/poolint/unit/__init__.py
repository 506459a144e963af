"""One unit of a tree, such as a target of a build system, checked where the rest of the tree is not at hand.

A unit offers *facts* to the others: the texts of its modules, as they are. What the engines ask of other modules is not
known beforehand: who calls a function, which classes inherit from one, what an import leads to; so nothing that could be
asked is left out, and the findings are those of one process over the whole tree. Facts are laid out as a tree of their
own, in which the unit is checked: nothing else that lies around is seen.
"""
