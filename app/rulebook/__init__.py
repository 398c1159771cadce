"""The only reader of rules/: files become checked, compiled, content-hashed revisions."""
