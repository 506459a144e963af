"""One detector a module, with the observations that it makes: what may be wrong, before any rule has judged it."""
