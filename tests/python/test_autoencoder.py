"""Autoencoders in Python: what their class adds to the promises of every detector."""

from __future__ import annotations

import numpy as np
import pytest

import nad


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(1)
    a, b = random.random((2, 600))
    columns = [a, b, (a + b) / 2, a * b, 1 - a]
    return (np.stack(columns, axis=1) + 0.01 * random.random((600, 5))).astype(np.float32)


def test_the_usual_setting_is_one_line(rows):
    usual = nad.Autoencoder(hidden=[14], output_activation="sigmoid", contamination=0.05).fit(rows)
    assert len(usual.history_.loss) == usual.n_iter_ == usual.best_epoch_ == 50
    assert usual.history_.loss[-1] < 0.2 * usual.history_.loss[0]
    assert (usual.predict(rows) == -1).sum() == 30
    assert [weights.shape for weights in usual.coefs_] == [(5, 14), (14, 5)]
    assert [len(biases) for biases in usual.intercepts_] == [14, 5]


def test_it_gives_back_what_its_weights_say(rows):
    model = nad.Autoencoder(hidden=(4,), activation="tanh", residual="mean", epochs=5).fit(rows)
    hidden = np.tanh(rows.astype(float) @ model.coefs_[0] + model.intercepts_[0])
    expected = hidden @ model.coefs_[1] + model.intercepts_[1]
    assert np.allclose(model.reconstruct(rows), expected, atol=1e-5)
    assert np.allclose(model.anomaly_score(rows), np.sqrt(((rows - expected) ** 2).mean(axis=1)), rtol=1e-3, atol=1e-6)


def test_early_stopping_shows_in_the_history(rows):
    model = nad.Autoencoder(
        hidden=(6,), learning_rate=0.05, epochs=300, validation_fraction=0.3, patience=4, random_state=3
    ).fit(rows)
    history = model.history_
    assert model.n_iter_ < 300
    assert model.best_epoch_ == 1 + int(np.argmin(history.validation_loss)) == model.n_iter_ - 4
    assert history.learning_rate == [0.05] * model.n_iter_


def test_a_warm_start_goes_on(rows):
    whole = nad.Autoencoder(hidden=(4,), epochs=6, random_state=1).fit(rows)
    parts = nad.Autoencoder(hidden=(4,), epochs=4, random_state=1, warm_start=True).fit(rows)
    parts.set_params(epochs=2).fit(rows)
    assert parts.n_iter_ == 6
    assert np.array_equal(parts.anomaly_score(rows), whole.anomaly_score(rows))
    with pytest.raises(nad.InvalidArgumentError, match="hidden"):
        parts.set_params(hidden=(5,)).fit(rows)


def test_partial_fit_learns(rows):
    model = nad.Autoencoder(hidden=(4,), random_state=1)
    for _ in range(30):
        model.partial_fit(rows)
    assert model.history_.loss[-1] < 0.2 * model.history_.loss[0]
    assert model.history_.validation_loss[-1] is None


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"hidden": "64"}, "hidden"),
        ({"hidden": ()}, "hidden"),
        ({"activation": "step"}, "activation"),
        ({"dropout": 1.0}, "dropout"),
        ({"patience": 0}, "patience"),
    ],
)
def test_what_cannot_be_is_refused_by_name(rows, options, name):
    with pytest.raises(nad.InvalidArgumentError, match=name):
        nad.Autoencoder(**options).fit(rows)
