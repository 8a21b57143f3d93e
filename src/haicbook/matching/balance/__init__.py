"""Balance of two arms from what a paper prints."""
