"""Pictures of records, scores and models, with matplotlib for paper and plotly for the web.

>>> nad.plots.scatter(flows, "bytes_sent", "bytes_received", by=findings)
>>> nad.plots.timeline(flows, findings, backend="plotly")  # a figure of plotly
>>> nad.plots.reasons(findings[0], style="dark").figure.savefig("why.png")
>>> nad.plots.roc({"forest": evaluation, "k-means": other_evaluation}, ax=axes[0])

Every function takes nad's own objects, and plain arrays in their place. It draws into ``ax`` or a new figure and gives
the axes of matplotlib; with ``backend="plotly"`` the figure of plotly; with ``backend="svg"``, which needs no other
package, the text of an ``<svg>`` element. All show the same numbers. ``style="dark"`` is for dark pages; without a
style matplotlib's own settings decide, and an SVG follows the page.

Of many records those that would lie on others are not drawn, each group by itself, so that what is reported is never
hidden by what is not. Colours are those of Okabe and Ito, which colour-blind people tell apart.
"""

from nad.plots.learnt import clusters, elbow, importance, reasons, training
from nad.plots.quality import confusion, precision_recall, roc, score_distribution
from nad.plots.records import hosts, pca, scatter, timeline

__all__ = [
    "clusters",
    "confusion",
    "elbow",
    "hosts",
    "importance",
    "pca",
    "precision_recall",
    "reasons",
    "roc",
    "scatter",
    "score_distribution",
    "timeline",
    "training",
]
