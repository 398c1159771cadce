"""Pages, forms, JSON, templates, static files."""
