"""Getting out of a book: the schedule of least cost and tail loss, what it costs, and how long it takes."""
