"""The parts of the page that `nad.report` writes."""
