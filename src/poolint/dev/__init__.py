"""Tools for those who work on poolint: scaffolds and drafts of what is added, and dumps of what the engines know."""
