"""Findings as alerts: what a model says of a record, with all that the record itself tells.

>>> maker = nad.AlertMaker(model, model_name="office")
>>> for alert in maker.alerts(flows, model.detect(flows)):
...     sink.write(alert)
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nad import _core
from nad._arguments import mapping_from, text_from
from nad.errors import InvalidArgumentError
from nad.model import Model
from nad.table import core_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nad._core import Alert, AlertModel
    from nad.model import Finding, Findings

__all__ = ["AlertMaker"]


class AlertMaker:
    """Makes an alert of each finding, as a `Monitor` does with the same records before it counts what is alike.

    Any table will do: what it has of the columns that all flow logs share goes into the fields of their own, also under
    the names that logs give them ("id.orig_h", "Source IP", "client_port") and where addresses and ports are texts.
    Other texts go into `Alert.names`, for allow-lists. Where it has no community_id, that is computed from the ends of
    the flow.
    `Alert.anomaly_class` is the family, or the strongest reason in two or three words: "high bytes_sent".

    Parameters
    ----------
    model : Model
        A fitted one. Later changes of it do not reach the alerts.
    model_name, model_version, trained_until :
        What alerts call the model, and until when (nanoseconds since 1970, or a datetime) it has learnt.
    interface : str
        Where the records come from, if they do not say it.
    high, medium : float
        Below these p-values an alert is severe, as in `severity_of`.
    most_names : int
        Texts of a record that an alert carries.
    columns : mapping of str to str, optional
        What the records call src_ip, dst_ip, src_port, dst_port, protocol, service, ...: ``{"src_ip": "asked_by"}``.
        What is not given is found by its name.
    """

    def __init__(
        self,
        model: Model,
        *,
        model_name: str = "nad",
        model_version: int = 1,
        trained_until: Any = None,
        interface: str = "",
        high: float = 1e-5,
        medium: float = 1e-3,
        most_names: int = 16,
        columns: Mapping[str, str] | None = None,
    ) -> None:
        if not isinstance(model, Model):
            raise InvalidArgumentError(f"model is {model!r}; give a fitted nad.Model")
        self._core = _core.AlertMaker(
            model._model,
            text_from(model_name, "model_name"),
            model_version,
            trained_until,
            text_from(interface, "interface"),
            high,
            medium,
            most_names,
            mapping_from(columns, "columns"),
        )

    def make(self, table: Any, finding: Finding, *, now: Any = None) -> Alert:
        """The alert of one finding about a row of the table.

        `now`, in nanoseconds since 1970 or a datetime, is its time where the record has none; the present if nothing is
        said.
        """
        return self._core.make(core_table(table), finding, time.time_ns() if now is None else now)

    def alerts(self, table: Any, findings: Findings | Iterable[Finding], *, now: Any = None) -> Iterator[Alert]:
        """Those of all findings, in their order, one after the other."""
        records, moment = core_table(table), time.time_ns() if now is None else now
        return (self._core.make(records, finding, moment) for finding in findings)

    @property
    def model(self) -> AlertModel:
        """What alerts say of the model."""
        return self._core.model

    def __repr__(self) -> str:
        return f"<AlertMaker of {self.model.id} version {self.model.version}>"
