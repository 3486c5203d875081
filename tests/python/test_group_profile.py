"""What is typical of groups of records, beside a count that pandas does."""

from __future__ import annotations

import numpy as np
import pytest

import nad

pd = pytest.importorskip("pandas")


def check_shares(profile, frame, inside):
    """Quartiles and shares of one group, counted again."""
    here, elsewhere = frame[inside], frame[~inside]
    assert profile.rows == len(here)
    assert profile.share == pytest.approx(len(here) / len(frame))
    strength = [trait.apart for trait in profile.traits]
    assert strength == sorted(strength, reverse=True)
    for trait in profile.traits:
        column, others = here[trait.column], elsewhere[trait.column]
        assert trait.missing == pytest.approx(column.isna().mean())
        assert trait.missing_elsewhere == pytest.approx(others.isna().mean())
        if trait.type in ("number", "integer"):
            for quartiles, values in ((trait.quartiles, column), (trait.quartiles_elsewhere, others)):
                expected = np.quantile(values.dropna().to_numpy(), [0.25, 0.5, 0.75], method="inverted_cdf")
                assert quartiles == pytest.approx(tuple(expected))
            assert trait.apart == pytest.approx(kolmogorov_smirnov(column, others))
        elif trait.type == "category":
            counts = column.value_counts(normalize=True, dropna=False)
            assert [value.share for value in trait.values] == pytest.approx(list(counts[:5][counts[:5] > 0]))
            for value in trait.values:
                matches = column.isna() if value.value is None else column == value.value
                matches_elsewhere = others.isna() if value.value is None else others == value.value
                assert value.share == pytest.approx(matches.mean())
                assert value.share_elsewhere == pytest.approx(matches_elsewhere.mean())
            assert trait.apart == pytest.approx(total_variation(column, others), abs=0.02)  # rare ones are together


def kolmogorov_smirnov(column, others):
    values = np.unique(np.concatenate([column, others]))
    below = [np.searchsorted(np.sort(part), values, side="right") / len(part) for part in (column, others)]
    return np.abs(below[0] - below[1]).max()


def total_variation(column, others):
    shares = pd.DataFrame(
        {"here": column.value_counts(normalize=True, dropna=False),
         "there": others.value_counts(normalize=True, dropna=False)}
    ).fillna(0.0)  # fmt: skip
    return (shares["here"] - shares["there"]).abs().sum() / 2


def test_synthetic_flows_by_a_column():
    flows = nad.datasets.synthetic_flows(4000, anomaly_ratio=0.1, random_state=3)
    frame = flows.to_pandas()
    frame["flags"] = frame["flags"].cat.remove_unused_categories()
    profiles = nad.profile_groups(flows, "label")
    assert [profile.group for profile in profiles] == sorted(frame["label"].unique())
    for profile in profiles:
        check_shares(profile, frame, (frame["label"] == profile.group).to_numpy())
        assert profile.labels == {"is_anomaly": {profile.group != "normal": 1.0}}
        columns = {trait.column for trait in profile.traits}
        assert not columns & {"label", "is_anomaly", "src_ip", "dst_ip"}
    flood = next(profile for profile in profiles if profile.group == "syn_flood")
    assert flood.traits[0].sentence.startswith("flags is S in 9")
    assert str(flood).startswith(f"group syn_flood: {flood.rows} rows (")
    assert len(flood.summary(traits=2).splitlines()) == 4
    assert "nothing sets it apart" in flood.summary(apart=1.1)


def test_clusters_of_real_traffic_are_told_in_its_own_words(data_folder, monkeypatch):
    if not any((data_folder / "kdd99").glob("*10_percent*")):
        pytest.skip(f"no KDD Cup 99 in {data_folder}")
    monkeypatch.setenv("NAD_DATA", str(data_folder))
    kdd = nad.datasets.load_kdd99().sample(20_000, random_state=5)
    frame = kdd.to_pandas()
    X = nad.FeaturePipeline.automatic(kdd).fit_transform(kdd)
    kmeans = nad.KMeans(n_clusters=10, random_state=7).fit(X)
    clusters = kmeans.predict_cluster(X)
    profiles = kmeans.profile(X, records=frame)  # a frame tells no roles, but "label" is known by its name
    for profile, group in zip(profiles, nad.profile_groups(kdd, clusters)):
        check_shares(group, frame, clusters == profile.cluster)
        assert profile.traits == group.traits
        counted = frame["label"][clusters == profile.cluster].value_counts(normalize=True)
        assert profile.labels == pytest.approx(dict(counted[counted > 0]))
    told = {next(iter(profile.labels)): str(profile) for profile in profiles if profile.share > 0.15}
    assert "service is ecr_i in" in told["smurf"]
    assert "serror_rate is 1 in" in told["neptune"]
    assert "flag is S0 in" in told["neptune"]


def two_clusters():
    rng = np.random.default_rng(3)
    label = np.array(["normal"] * 950 + ["flood"] * 50)
    flood = label == "flood"
    frame = pd.DataFrame(
        {
            "service": np.where(flood, "ecr_i", "http"),
            "packets": np.where(flood, 900, 10) + rng.integers(5, size=1000),
            "attack": label,
            "kind": np.where(flood, "dos", "none"),
        }
    )
    X = np.column_stack([flood * 50.0, rng.normal(size=1000)]).astype(np.float32)
    kmeans = nad.KMeans(n_clusters=2, random_state=0).fit(X)
    return kmeans, X, frame


def test_profiles_of_clusters_take_their_labels_where_they_find_them():
    kmeans, X, frame = two_clusters()
    flood = int(kmeans.predict_cluster(X[-1:])[0])
    by_role = kmeans.profile(X, records=frame)[flood]
    assert by_role.labels == {"flood": 1.0}  # "attack" is a label by its name
    assert {trait.column for trait in by_role.traits} == {"service", "packets", "kind"}
    by_name = kmeans.profile(X, labels="kind", records=frame)[flood]
    assert by_name.labels == {"dos": 1.0}
    assert {trait.column for trait in by_name.traits} == {"service", "packets"}
    kind = frame["kind"].where(frame.index % 2 == 0)
    assert kmeans.profile(X, labels=kind)[flood].labels == {"dos": 0.5, None: 0.5}
    given = kmeans.profile(X, labels=frame["kind"], records=nad.Table(frame))[flood]
    assert given.labels == {"dos": 1.0}
    assert [trait.apart for trait in given.traits] == [1.0, 1.0, 1.0]
    assert str(by_role) == (
        f"cluster {flood} (small): 50 of the training rows (5 %)\n"
        "  labels: flood 100 %\n"
        "  service is ecr_i in all rows, nowhere else\n"
        "  packets is mostly 901 to 903, elsewhere 11 to 13\n"
        "  kind is dos in all rows, nowhere else"
    )
    assert kmeans.profile()[flood].traits == []
    assert "column 0 is 50, +" in str(kmeans.profile()[flood])


def test_groups_may_be_any_values_and_what_is_missing_is_one():
    table = nad.Table({"service": ["a", "a", "b", None]})
    first, second = nad.profile_groups(table, [True, True, False, False])[::-1]
    assert (first.group, second.group) == (True, False)
    assert second.traits[0].missing == 0.5
    assert [value.value for value in second.traits[0].values] == ["b", None]
    assert second.traits[0].quartiles is None
    by_float = nad.profile_groups(table, np.array([0.5, np.nan, np.nan, 0.25]))
    assert [profile.group for profile in by_float] == [0.5, None, 0.25]
    assert by_float[1].rows == 2
    by_text = nad.profile_groups(table, pd.Series(["x", None, pd.NA, "x"], dtype="string"))
    assert [(profile.group, profile.rows) for profile in by_text] == [("x", 2), (None, 2)]
    assert nad.profile_groups(table.head(0), []) == []


def test_what_does_not_fit_is_refused():
    kmeans, X, frame = two_clusters()
    with pytest.raises(nad.InvalidArgumentError, match="records has 999 rows for 1000 rows of X"):
        kmeans.profile(X, records=frame[:-1])
    with pytest.raises(nad.InvalidArgumentError, match="rows and with them"):
        kmeans.profile(records=frame)
    with pytest.raises(nad.InvalidArgumentError, match="labels='kind' names a column of records"):
        kmeans.profile(X, labels="kind")
    with pytest.raises(nad.InvalidArgumentError, match="did you mean 'attack'"):
        kmeans.profile(X, labels="atack", records=frame)
    with pytest.raises(nad.InvalidArgumentError, match="3 labels for 1000 rows"):
        kmeans.profile(X, labels=[1, 2, 3])
    with pytest.raises(nad.InvalidArgumentError, match="1000 rows, but 3 have a group"):
        nad.profile_groups(frame, [0, 1, 2])
    with pytest.raises(nad.InvalidArgumentError, match="2 dimensions"):
        nad.profile_groups(frame, np.zeros((1000, 2)))
