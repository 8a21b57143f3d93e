"""Small statistics on printed numbers; each module is usable by itself and knows nothing of pages."""
