"""The command line: ``nad``, or ``python -m nad``.

>>> from nad.cli import main
>>> main(["simulate", "day.pcap", "--attack", "port_scan:start=600"])
0

A command is a module of this folder with a `Command`, and a line in `nad.cli._commands`; everything else (help, errors,
exit codes, completion) follows from there.
"""

from nad.cli._main import main

__all__ = ["main"]
