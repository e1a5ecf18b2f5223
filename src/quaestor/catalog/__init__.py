"""What the providers offer: read from facts or documents, compiled to SQLite, asked by name."""
