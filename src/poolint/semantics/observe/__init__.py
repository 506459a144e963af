"""One module for each family of observations: what in a module may be wrong, before any rule has judged it."""
