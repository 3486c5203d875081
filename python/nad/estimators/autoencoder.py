"""Autoencoder: rows that a narrow neural network gives back badly are anomalous."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nad import _core
from nad.estimators._detector import Floats
from nad.estimators._partial_fit import StreamEstimator

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class TrainingHistory:
    """How the epochs went, one number each: ready to be plotted.

    Attributes
    ----------
    loss : list of float
        The mean over training rows and columns, while the weights changed.
    validation_loss : list of float or None
        Of the rows that were not learnt from, after the epoch; None where there were none.
    learning_rate : list of float
        As the schedule had it.
    """

    loss: list[float]
    validation_loss: list[float | None]
    learning_rate: list[float]


class Autoencoder(StreamEstimator[_core.Autoencoder]):
    """A neural network that is trained to give back its input through a narrow layer.

    Scale the columns first: errors are compared with each other.

    Parameters
    ----------
    hidden : sequence of int, default=(64, 16, 64)
        Units of each layer between input and output.
    symmetric : bool, default=False
        ``hidden`` ends with the bottleneck, and the way back mirrors it: (64, 16) is 64-16-64.
    activation : {"relu", "leaky_relu", "tanh", "sigmoid", "gelu", "linear"}, default="relu"
        Of hidden layers.
    output_activation : the same, default="linear"
        "sigmoid" where all values lie between 0 and 1.
    loss : {"squared_error", "huber"}, default="squared_error"
        Huber's is straight for errors beyond ``huber_delta``.
    huber_delta : float, default=1.0
        See ``loss``.
    solver : {"adam", "sgd"}, default="adam"
        How weights follow their gradients.
    learning_rate : float, default=1e-3
        At first, see ``schedule``.
    schedule : {"constant", "step", "exponential", "cosine"}, default="constant"
        "step" multiplies by ``gamma`` after every ``step_size`` epochs, "exponential" after each; "cosine" falls along
        half a wave towards 0.
    step_size : int, default=10
        See ``schedule``.
    gamma : float, default=0.5
        See ``schedule``.
    momentum : float, default=0.9
        Of "sgd".
    beta_1, beta_2, epsilon : float, default=0.9, 0.999, 1e-8
        Of "adam".
    weight_decay : float, default=0.0
        Weights shrink by this share of the learning rate at each step; biases do not.
    dropout : float, default=0.0
        The share of hidden units that a training row does without.
    input_noise : float, default=0.0
        Standard deviation of what is added to training rows; the target stays clean.
    epochs : int, default=50
        How often the training goes through the rows.
    batch_size : int, default=32
        Rows to learn from at a time.
    validation_fraction : float, default=0.0
        The share of rows that are not learnt from.
    patience : int, default=None
        Stop after so many epochs without a lower loss, of validation rows if there are any, and go back to the best
        weights. None runs all epochs.
    tol : float, default=0.0
        A loss is lower when it is so much lower.
    residual : {"whitened", "variance_weighted", "mean"}, default="whitened"
        The score: the Mahalanobis norm of the error, the root of the mean squared error in units of each column's
        usual error, or that root as it is.
    residual_floor : float, default=1e-3
        The variance of a column's error grows by this share of their mean, so that none counts without bounds.
    unique_rows : False, True or "log_count", default=False
        Whether rows that occur many times count once, or 1 + log(count) times.
    warm_start : bool, default=False
        ``fit`` again goes on from the weights that there are.
    contamination : float, default=0.01
        The share of training rows that shall lie above the threshold, up to 0.5.
    n_jobs : int, default=None
        Threads for scoring; None is one, -1 one per core. Training takes one. Results never depend on it.
    random_state : int, RandomState, Generator or None, default=None
        The same integer gives the same network on machines of the same kind.
    verbose : int, default=0
        1 shows a progress bar on the standard error stream while fitting, 2 also while scoring.

    Examples
    --------
    >>> autoencoder = nad.Autoencoder(hidden=(64, 16, 64), epochs=20, random_state=7).fit(normal_traffic)
    >>> autoencoder.anomaly_score(new_traffic)
    >>> plt.plot(autoencoder.history_.loss)

    The usual small one, for columns scaled to [0, 1], with its threshold at the 95th percentile:

    >>> nad.Autoencoder(hidden=[14], output_activation="sigmoid", contamination=0.05).fit(scaled_traffic)
    """

    _compiled = _core.Autoencoder

    def __init__(
        self,
        *,
        hidden: Sequence[int] = (64, 16, 64),
        symmetric: bool = False,
        activation: str = "relu",
        output_activation: str = "linear",
        loss: str = "squared_error",
        huber_delta: float = 1.0,
        solver: str = "adam",
        learning_rate: float = 1e-3,
        schedule: str = "constant",
        step_size: int = 10,
        gamma: float = 0.5,
        momentum: float = 0.9,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        dropout: float = 0.0,
        input_noise: float = 0.0,
        epochs: int = 50,
        batch_size: int = 32,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        tol: float = 0.0,
        residual: str = "whitened",
        residual_floor: float = 1e-3,
        unique_rows: bool | str = False,
        warm_start: bool = False,
        contamination: float = 0.01,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        verbose: int = 0,
    ) -> None:
        self.hidden = hidden
        self.symmetric = symmetric
        self.activation = activation
        self.output_activation = output_activation
        self.loss = loss
        self.huber_delta = huber_delta
        self.solver = solver
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.step_size = step_size
        self.gamma = gamma
        self.momentum = momentum
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.input_noise = input_noise
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.tol = tol
        self.residual = residual
        self.residual_floor = residual_floor
        self.unique_rows = unique_rows
        self.warm_start = warm_start
        self.contamination = contamination
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def reconstruct(self, X: Any) -> Floats:
        """What the network makes of the rows."""
        made: Floats = self._table_verb("reconstruct", X)
        return made

    @property
    def history_(self) -> TrainingHistory:
        """How the epochs went, with ``warm_start`` also those of earlier fits."""
        return TrainingHistory(**self._fitted("history_").history)

    @property
    def best_epoch_(self) -> int:
        """How many epochs lead to the weights in use."""
        return self._fitted("best_epoch_").best_epoch

    @property
    def coefs_(self) -> list[Floats]:
        """The weights from one layer to the next, one row an input."""
        return [weights[:-1] for weights in self._fitted("coefs_").weights]

    @property
    def intercepts_(self) -> list[Floats]:
        """The biases of each layer."""
        return [weights[-1] for weights in self._fitted("intercepts_").weights]

    @property
    def n_iter_(self) -> int:
        """Epochs that were run."""
        return len(self._fitted("n_iter_").history["loss"])

    def _continued(self, detector: Any) -> Any:
        return self._grown_detector(detector)

    def _grown_detector(self, detector: Any) -> Any:
        options = self._options()
        if not isinstance(self.random_state, (int, np.integer)):  # a seed drawn anew would be another one
            options["random_state"] = detector.options["random_state"]
        grown = copy.copy(detector)
        grown.set_options(**options)
        return grown

    @classmethod
    def _parameters_of(cls, detector: Any) -> dict[str, Any]:
        options = super()._parameters_of(detector)
        options["hidden"] = tuple(options["hidden"])
        return options
