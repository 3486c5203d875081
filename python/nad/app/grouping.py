"""The one place where this page asks how findings are grouped and written: the same way as on the command line."""

from nad.cli._findings import finding_dict
from nad.cli._flows import FoundFlow, found_flows
from nad.cli._incidents import Incident, explain_silent, incidents_of, reason_text

__all__ = ["FoundFlow", "Incident", "explain_silent", "finding_dict", "found_flows", "incidents_of", "reason_text"]
