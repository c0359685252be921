"""Build features: from the project's tables to one row per application."""
