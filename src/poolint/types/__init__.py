"""What an expression is, in terms of the models and of the project's own classes."""
