"""poolint in the editor: a language server, which keeps what it has learned of a project between two changes."""
