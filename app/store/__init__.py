"""The only place with SQL. Takes and returns domain values. Never commits by itself."""
