"""The parts of the page, each with a function `show`."""
