"""The one place where this page asks how findings are grouped and written: the same way as on the command line."""

from nad._who_and_when import SOURCES
from nad._words import reason_text
from nad.cli._findings import finding_dict
from nad.cli._flows import FoundFlow, found_flows
from nad.incidents import Incident, Incidents, incidents

__all__ = ["SOURCES", "FoundFlow", "Incident", "Incidents", "finding_dict", "found_flows", "incidents", "reason_text"]
