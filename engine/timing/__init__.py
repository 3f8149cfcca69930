"""When things happen: clocks, and the arithmetic of deadlines."""
