"""The entries: parse, call one flow, show. They never import each other."""
