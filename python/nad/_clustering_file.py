"""What a `Clustering` learnt as the parts of its file, and back. A part is bytes; loading runs none of them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nad import _core
from nad.errors import BadFileError, InvalidArgumentError
from nad.estimators import KMeans
from nad.estimators.kmeans import ClusterProfile
from nad.features import FeaturePipeline
from nad.groups import GroupTrait, ValueShare
from nad.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

KIND = "clustering"


def words_of(value: Any) -> Any:
    """A value of a table as JSON has it."""
    if isinstance(value, np.datetime64):
        return {"time": int(value.astype("datetime64[ns]").astype(np.int64))}
    if isinstance(value, (IPv4Address, IPv6Address)):
        return {"address": str(value)}
    plain = value.item() if isinstance(value, np.generic) else value
    if plain is not None and not isinstance(plain, (str, bool, int, float)):
        raise InvalidArgumentError(f"{plain!r} is a {type(plain).__name__}, which no file keeps; give labels as texts")
    return plain


def value_of(words: Any) -> Any:
    """The other way."""
    if isinstance(words, dict):
        return np.datetime64(words["time"], "ns") if "time" in words else ip_address(words["address"])
    if words is not None and not isinstance(words, (str, bool, int, float)):
        raise ValueError(f"{words!r} is no value of a table")
    return words


def _profile_words(profile: ClusterProfile) -> dict[str, Any]:
    words = asdict(profile)
    words["labels"] = [[words_of(label), share] for label, share in profile.labels.items()]
    words["centre"] = list(profile.centre.items())
    words["deviations"] = list(profile.deviations.items())
    for trait in words["traits"]:
        for share in trait["values"]:
            share["value"] = words_of(share["value"])
    return words


def _profile_of(words: dict[str, Any]) -> ClusterProfile:
    traits = [
        GroupTrait(
            **{
                **trait,
                "quartiles": None if trait["quartiles"] is None else tuple(trait["quartiles"]),
                "quartiles_elsewhere": None if trait["quartiles"] is None else tuple(trait["quartiles_elsewhere"]),
                "values": [ValueShare(**{**share, "value": value_of(share["value"])}) for share in trait["values"]],
            }
        )
        for trait in words["traits"]
    ]
    labels = {value_of(label): share for label, share in words["labels"]}
    centre, deviations = dict(words["centre"]), dict(words["deviations"])
    return ClusterProfile(**{**words, "labels": labels, "centre": centre, "deviations": deviations, "traits": traits})


def _table_words(table: Table) -> dict[str, Any]:
    columns = {name: [words_of(value) for value in table[name].to_list()] for name in table.columns}
    return {"columns": columns, "types": table.types, "roles": table.roles, "source": table.source}


def _table_of(words: dict[str, Any]) -> Table:
    columns = {name: [value_of(value) for value in values] for name, values in words["columns"].items()}
    return Table(columns, types=words["types"], roles=words["roles"], source=words["source"])


@dataclass
class Learnt:
    """All of it."""

    kmeans: KMeans
    pipeline: FeaturePipeline
    members: npt.NDArray[np.float32]
    cluster_of: npt.NDArray[np.int32]
    others: Table
    profiles: list[ClusterProfile]
    plain: dict[str, Any]  # whatever JSON holds


def parts_of(learnt: Learnt) -> list[tuple[str, bytes]]:
    """The parts of a file."""
    words = {
        **learnt.plain,
        "profiles": [_profile_words(one) for one in learnt.profiles],
        "others": _table_words(learnt.others),
    }
    names = learnt.pipeline.feature_names
    return [
        ("kmeans", _core.save_bytes(learnt.kmeans._fitted("save"), feature_names=names)),
        ("pipeline", _core.save_pipeline_bytes(learnt.pipeline._core)),
        ("members", learnt.members.astype("<f4").tobytes()),
        ("cluster_of", learnt.cluster_of.astype("<i4").tobytes()),
        ("words", json.dumps(words).encode()),
    ]


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except BadFileError:
        raise
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise BadFileError(f"the clustering in this file is damaged: {error}") from error


def _require(sound: bool, what: str) -> None:
    if not sound:
        raise ValueError(what)


def read_parts(parts: list[tuple[str, bytes]]) -> Learnt:
    """What was given to `parts_of`; an error where it does not fit together."""
    with _damage_told():
        found = dict(parts)
        detector = _core.load_detector_bytes(found["kmeans"])
        _require(isinstance(detector, _core.KMeans), "its clusters are of another kind")
        pipeline = FeaturePipeline._from_core(_core.load_pipeline_bytes(found["pipeline"]))
        kmeans = KMeans._from_detector(detector, list(pipeline.feature_names))
        width, clusters = len(pipeline.feature_names), len(kmeans.cluster_centers_)
        members = np.frombuffer(found["members"], dtype="<f4").reshape(-1, width).astype(np.float32)
        cluster_of = np.frombuffer(found["cluster_of"], dtype="<i4").astype(np.int32)
        _require(kmeans.n_features_in_ == width, "its clusters are of other features")
        _require(bool(np.isfinite(members).all()), "a member is no number")
        _require(len(cluster_of) == len(members), "it does not say of which cluster each member is")
        _require(bool(((cluster_of >= 0) & (cluster_of < clusters)).all()), "a member is of no cluster")
        words = json.loads(found["words"])
        profiles = [_profile_of(one) for one in words.pop("profiles")]
        _require([one.cluster for one in profiles] == list(range(clusters)), "not every cluster has a profile")
        others = _table_of(words.pop("others"))
        _require(len(others) > 0 and others.types == pipeline.inputs, "its sample has other columns than the pipeline")
        return Learnt(kmeans, pipeline, members, cluster_of, others, profiles, words)
