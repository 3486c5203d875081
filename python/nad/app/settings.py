"""What the command line said, for the script that Streamlit runs: set before it starts, and never changed then."""

from __future__ import annotations

import ipaddress
import json
import os
from dataclasses import asdict, dataclass, field

__all__ = ["Settings", "current", "export"]

_VARIABLE = "NAD_APP_SETTINGS"


@dataclass(frozen=True)
class Settings:
    """How the page behaves for everybody."""

    host: str = "127.0.0.1"
    max_upload_mb: int = 200
    model: str = ""
    """A model file that is open from the start."""
    sources: list[str] = field(default_factory=list)
    """What may be watched by whoever opens the page."""

    @property
    def is_private(self) -> bool:
        """Whether only this machine can open the page; then a person may watch any path of it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:  # a name, which may lead anywhere
            return False


def export(settings: Settings) -> None:
    """Let the script of this process see them."""
    os.environ[_VARIABLE] = json.dumps(asdict(settings))


def current() -> Settings:
    """Those of this process."""
    text = os.environ.get(_VARIABLE)
    return Settings(**json.loads(text)) if text else Settings()
