"""``poolint why``: what poolint knows at one line, where it is silent as well. Only that command imports this."""
