"""Many models: which files are meant, read one by one or by several processes, and the rows of a report."""
