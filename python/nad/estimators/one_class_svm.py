"""One-Class SVM: rows outside the smallest region that holds nearly all training rows are anomalous."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from nad import _core, errors
from nad.estimators._available import available_if
from nad.estimators._detector import Floats
from nad.estimators._partial_fit import StreamEstimator

if TYPE_CHECKING:
    from nad.estimators._detector import ProgressCallback

Self = TypeVar("Self", bound="OneClassSVM")


class OneClassSVM(StreamEstimator[_core.OneClassSVM]):
    """The nu-SVM for one class, exactly, or for many rows with an approximation of its kernel.

    ``decision_function``, ``score_samples`` and ``offset_`` are those of scikit-learn's OneClassSVM; the anomaly score
    is the decision function with the sign turned. With an approximation the plane among its features is scaled as in
    SGDOneClassSVM, so that scores do not grow with the number of rows.

    The kernels "linear" and "poly" separate the rows from the origin. Where the origin lies among the rows, as with
    centred columns, there is no such boundary; scores are then next to nothing, and `fit` warns of it. "sigmoid" is no
    kernel in the strict sense: the fit ends where the conditions of an optimum hold to ``tol``, of several such ends as
    a rule at the one that scikit-learn finds, too.

    Parameters
    ----------
    kernel : "rbf", "linear", "poly" or "sigmoid", default="rbf"
        exp(-gamma |x - y|^2), x.y, (gamma x.y + coef0)^degree, or tanh(gamma x.y + coef0).
    nu : float, default=0.5
        At most this share of the training rows lies outside, at least this share is remembered.
    gamma : "scale", "auto" or float, default="scale"
        "scale" is 1 / (columns * variance of all values), "auto" is 1 / columns. The variance is that of the rows by
        their weights, so that rows of weight 0 are as if they were not there; scikit-learn's leaves weights out.
    coef0 : float, default=0.0
        Of the kernels "poly" and "sigmoid".
    degree : int, default=3
        Of the kernel "poly".
    tol : float, default=1e-3
        How far the conditions of the optimum may be missed. Where that lets far more than the share ``nu`` lie outside,
        the fit goes on for some steps.
    max_iter : int, default=-1
        Steps of two coefficients each, after which the fit ends although ``tol`` is not reached, and warns. -1 is 10
        million, or 100 for each distinct row where that is more.
    shrinking : bool, default=True
        Leave rows alone that seem to be settled, until the others are; not with "sigmoid", where this could end
        elsewhere.
    cache_size : float, default=200
        MiB for columns of the kernel matrix.
    approximation : None, "nystroem" or "fourier", default=None
        None looks at all rows at once. "nystroem" compares rows with some of the training rows, "fourier" takes cosines
        of random projections (for the kernel "rbf"); both see each row once and have ``partial_fit``.
    n_components : int, default=300
        How many features an approximation has.
    unique_rows : False, True or "log_count", default=False
        Whether rows that occur many times count once, or 1 + log(count) times.
    contamination : float, default=None
        The share of training rows that shall lie above the threshold, up to 0.5. None keeps the boundary of the SVM,
        which leaves about the share ``nu`` outside.
    n_jobs : int, default=None
        Threads; None is one, -1 one per core. Results never depend on it.
    random_state : int, RandomState, Generator or None, default=None
        Of an approximation; the exact fit draws nothing.
    verbose : int, default=0
        1 shows a progress bar on the standard error stream while fitting, 2 also while scoring.

    Examples
    --------
    >>> svm = nad.OneClassSVM(nu=0.05).fit(normal_traffic)
    >>> svm.anomaly_score(new_traffic)  # above 0: outside
    >>> large = nad.OneClassSVM(nu=0.05, approximation="nystroem", random_state=7).fit(a_lot_of_traffic)
    >>> large.partial_fit(later_traffic)
    """

    _compiled = _core.OneClassSVM

    def __init__(
        self,
        *,
        kernel: str = "rbf",
        nu: float = 0.5,
        gamma: str | float = "scale",
        coef0: float = 0.0,
        degree: int = 3,
        tol: float = 1e-3,
        max_iter: int = -1,
        shrinking: bool = True,
        cache_size: float = 200,
        approximation: str | None = None,
        n_components: int = 300,
        unique_rows: bool | str = False,
        contamination: float | None = None,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        verbose: int = 0,
    ) -> None:
        self.kernel = kernel
        self.nu = nu
        self.gamma = gamma
        self.coef0 = coef0
        self.degree = degree
        self.tol = tol
        self.max_iter = max_iter
        self.shrinking = shrinking
        self.cache_size = cache_size
        self.approximation = approximation
        self.n_components = n_components
        self.unique_rows = unique_rows
        self.contamination = contamination
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(
        self: Self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        progress: ProgressCallback | None = None,
    ) -> Self:
        """As `DetectorEstimator.fit`.

        Warns with a `ConvergenceWarning` (scikit-learn's, too, where that is loaded) where ``max_iter`` ended the fit
        before ``tol`` was reached, or where the rows have no boundary that ``tol`` does not leave open.
        """
        super().fit(X, y, sample_weight, progress=progress)
        if self.fit_status_ != 0:
            most = 10_000_000 if self.max_iter == -1 else self.max_iter
            why = (
                f"the fit ended after {self.n_iter_} steps without reaching tol={self.tol}; raise max_iter or scale "
                "the columns"
                if self.n_iter_ >= most
                else f"the rows leave the boundary open: with kernel={self.kernel!r} they lie around the origin, or "
                f"tol={self.tol} is too coarse for such small kernel values; choose kernel='rbf', scale or shift the "
                "columns, or give a smaller tol"
            )
            warnings.warn(why, errors.convergence_warning(), stacklevel=2)
        return self

    @available_if(
        lambda self: self.approximation is not None,
        "an exact OneClassSVM has no partial_fit: choose approximation='nystroem' or 'fourier'",
    )
    def partial_fit(self: Self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Go on learning from rows that come later; the first call begins, and chooses the features.

        Of rows that come in bursts give many at a time: they are seen in random order among each other.
        """
        return super().partial_fit(X, y, sample_weight)

    def score_samples(self, X: Any) -> npt.NDArray[np.float64]:
        """The sum of weighted kernel values, lower = more abnormal, as in scikit-learn."""
        scores = self._scores(self._table(X, "score_samples"))
        return self._fitted("score_samples").rho - scores

    @property
    def offset_(self) -> float:
        """``decision_function = score_samples - offset_``; where the boundary lies, unless ``threshold_`` was moved."""
        return self._fitted("offset_").rho - self.threshold_

    @offset_.setter
    def offset_(self, offset: float) -> None:
        if not hasattr(offset, "__float__"):
            raise TypeError(f"offset_ is {offset!r}; give a number")
        self.threshold_ = self._fitted("offset_").rho - float(offset)

    @property
    def support_vectors_(self) -> Floats:
        """Training rows with a coefficient, equal ones once; with "fourier" the random projections."""
        return self._fitted("support_vectors_").support_vectors

    @property
    def dual_coef_(self) -> npt.NDArray[np.float64]:
        """What their kernel values are multiplied with, of shape (1, rows)."""
        return self._fitted("dual_coef_").dual_coefficients.reshape(1, -1)

    @property
    def n_support_(self) -> npt.NDArray[np.int32]:
        """The number of support vectors."""
        return np.array([len(self._fitted("n_support_").dual_coefficients)], dtype=np.int32)

    @property
    def coef_(self) -> npt.NDArray[np.float64]:
        """The weight of each column, of shape (1, columns), with the kernel "linear"."""
        if self.kernel != "linear":
            raise AttributeError('coef_ is only there with the kernel "linear"')
        detector = self._fitted("coef_")
        return detector.dual_coefficients.reshape(1, -1) @ detector.support_vectors.astype(np.float64)

    @property
    def intercept_(self) -> npt.NDArray[np.float64]:
        """The opposite of the sum that the boundary has."""
        return np.array([-self._fitted("intercept_").rho])

    @property
    def n_iter_(self) -> int:
        """Steps that the fit took: of two coefficients each, or of the plane of an approximation."""
        return self._fitted("n_iter_").iterations

    @property
    def fit_status_(self) -> int:
        """0 where the fit reached ``tol`` and a boundary, 1 where `fit` warned."""
        return 0 if self._fitted("fit_status_").converged else 1

    def _options(self) -> dict[str, Any]:
        options = super()._options()
        options["approximation"] = "none" if self.approximation is None else self.approximation
        if self.max_iter == -1:
            options["max_iter"] = None
        return options

    @classmethod
    def _parameters_of(cls, detector: _core.OneClassSVM) -> dict[str, Any]:
        options = super()._parameters_of(detector)
        if options["approximation"] == "none":
            options["approximation"] = None
        if options["max_iter"] is None:
            options["max_iter"] = -1
        return options
