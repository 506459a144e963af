"""What a web framework does with the code: entries, injected values, and when their ends run."""
