"""Source texts: bytes, encodings, rows and columns, and the parts of a file that are parsed again."""
