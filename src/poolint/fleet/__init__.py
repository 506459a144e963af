"""Many repositories: each is a task of its own, here or on a cluster, and what came of it is kept.

``plan`` says which repositories there are, ``task`` is what is done with one of them, ``engines`` are those that do
it, and ``results`` what is kept: who is stopped in between goes on where he was, and what has not changed is not done
again.
"""
