"""From notebooks to the book: execute what is stale, keep the results, build the pages."""
