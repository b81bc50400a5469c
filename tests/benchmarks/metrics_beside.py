"""Our metrics beside those of RecTools, keras-rs and scikit-learn, on drawn lists with ties, gaps and unknown targets.

    python -m pip install --target oracles --no-deps rectools==0.19.0 keras-rs==0.4.0 scikit-learn==1.5.2
    python -m pip install --target oracles --no-deps typeguard attrs==23.2.0 tqdm joblib threadpoolctl
    PYTHONPATH=oracles python tests/benchmarks/metrics_beside.py

None of the three is a dependency, so they stand in a folder of their own. Prints a row for every metric and cutoff with
the two values and how far they are apart; fails beyond 1e-6.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from math import sqrt

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rectools import Columns
from rectools.metrics import (
    MAP,
    MRR,
    NDCG,
    AvgRecPopularity,
    CatalogCoverage,
    HitRate,
    MeanInvUserFreq,
    Precision,
    Recall,
)  # fmt: skip
from sklearn.metrics import log_loss, mean_squared_error, roc_auc_score

from sess.compiler.plans import MetricPlan
from sess.runtime.evaluate.ranking import Popularity
from sess.runtime.evaluate.rows import RankingRow, ScalarRow

SESSIONS, ITEMS, LONGEST, CUTOFFS = 4000, 300, 20, (1, 5, 20)
TRAINING, RESERVED = 2000, 3
RECTOOLS = {
    "recall": Recall, "hit": HitRate, "ndcg": NDCG, "mrr": MRR, "map": MAP, "precision": Precision,
    "coverage": CatalogCoverage, "novelty": MeanInvUserFreq, "popularity_bias": AvgRecPopularity,
}  # fmt: skip


def lists(draw: np.random.Generator) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Return the first codes (n, k) of scores with ties, the targets (n,), and the scores (n, N)."""
    scores = np.round(draw.normal(size=(SESSIONS, ITEMS)), 1).astype(np.float32)  # many ties
    scores[:, -ITEMS // 5 :] -= 100.0  # what nobody is recommended
    order = np.argsort(-scores, axis=1, kind="stable")[:, :LONGEST]
    targets = np.where(
        draw.random(SESSIONS) < 0.5, order[np.arange(SESSIONS), draw.integers(0, LONGEST, SESSIONS)],
        draw.integers(0, ITEMS, SESSIONS),
    )  # fmt: skip
    return (order + RESERVED).astype(np.int32), (targets + RESERVED).astype(np.int32), scores


def of_rectools(
    codes: NDArray[np.int32], targets: NDArray[np.int32], popularity: Popularity, training: pd.DataFrame
) -> Iterator[tuple[str, str, float]]:
    """Give each ranking metric, by RecTools."""
    users = np.repeat(np.arange(SESSIONS), LONGEST)
    places = np.tile(np.arange(1, LONGEST + 1), SESSIONS)
    reco = pd.DataFrame({Columns.User: users, Columns.Item: codes.ravel(), Columns.Rank: places})
    came = pd.DataFrame({Columns.User: np.arange(SESSIONS), Columns.Item: targets})
    came[Columns.Weight] = 1.0
    catalogue = np.arange(RESERVED, RESERVED + ITEMS)
    for cutoff in CUTOFFS:
        for name, cls in RECTOOLS.items():
            match name:
                case "coverage":
                    value = CatalogCoverage(k=cutoff, normalize=True).calc(reco, catalogue)
                case "novelty":
                    value = MeanInvUserFreq(k=cutoff).calc(reco, training.drop_duplicates([Columns.User, Columns.Item]))
                case "popularity_bias":
                    value = AvgRecPopularity(k=cutoff, normalize=True).calc(reco, training)
                case "ndcg":
                    value = NDCG(k=cutoff, divide_by_achievable=True).calc(reco, came)
                case _:
                    value = cls(k=cutoff).calc(reco, came)
            yield f"{name}@{cutoff}", "RecTools", float(value)


def of_keras_rs(scores: NDArray[np.float32], targets: NDArray[np.int32]) -> Iterator[tuple[str, str, float]]:
    """Give each ranking metric, by keras-rs, whose lists hold no ties."""
    from keras_rs import metrics

    relevant = np.zeros(scores.shape, np.float32)
    relevant[np.arange(SESSIONS), targets - RESERVED] = 1.0
    classes = {
        "recall": metrics.RecallAtK, "precision": metrics.PrecisionAtK, "mrr": metrics.MeanReciprocalRank,
        "map": metrics.MeanAveragePrecision, "ndcg": metrics.NDCG,
    }  # fmt: skip
    for cutoff in CUTOFFS:
        for name, cls in classes.items():
            metric = cls(k=cutoff)
            metric.update_state(relevant, scores)
            yield f"{name}@{cutoff}", "keras-rs", float(metric.result())


def main() -> int:
    """Print the rows; return 1 if one is apart."""
    draw = np.random.default_rng(11)
    codes, targets, scores = lists(draw)
    # Item 0 is never met in training; the events of others repeat in sessions.
    items = 1 + np.minimum(draw.geometric(0.02, 6 * TRAINING) - 1, ITEMS - 2)
    training = pd.DataFrame({Columns.User: draw.integers(0, TRAINING, len(items)), Columns.Item: items + RESERVED})
    training.loc[: TRAINING - 1, Columns.User] = np.arange(TRAINING)
    training[Columns.Datetime], training[Columns.Weight] = "2026-01-01", 1.0
    pairs = training.drop_duplicates([Columns.User, Columns.Item])
    clicks, holders = (np.bincount(each[Columns.Item] - RESERVED, minlength=ITEMS) for each in (training, pairs))
    popularity = Popularity(RESERVED, clicks, holders, TRAINING)
    plans = tuple(MetricPlan(name, cutoff) for name in RECTOOLS for cutoff in CUTOFFS)
    figures = RankingRow(codes, targets, plans, popularity).figures(np.arange(SESSIONS), seed=1)
    ours = {name: figure.value for name, figure in figures.items()}
    # The scores that keras-rs is given have the order of ours, without ties for it to break at random.
    untied = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1).astype(np.float32)
    rows = [*of_rectools(codes, targets, popularity, training), *of_keras_rs(-untied, targets)]
    chances = np.round(draw.random(SESSIONS), 2)
    came = (draw.random(SESSIONS) < chances).astype(np.float64)
    sure = np.clip(chances, 1e-6, 1 - 1e-6)
    for name, value in (
        ("auc", roc_auc_score(came, chances)), ("logloss", log_loss(came, sure)),
        ("rmse", sqrt(mean_squared_error(came, chances))),
    ):  # fmt: skip
        plan = MetricPlan(name, None)
        ours[name] = ScalarRow(sure if name == "logloss" else chances, came, (plan,)).value(plan)
        rows.append((name, "scikit-learn", float(value)))
    worst = 0.0
    print("| metric | oracle | ours | theirs | apart |\n|---|---|---|---|---|")
    for name, oracle, value in rows:
        apart = abs((ours[name] or 0.0) - value)
        worst = max(worst, apart)
        print(f"| `{name}` | {oracle} | {ours[name]:.8f} | {value:.8f} | {apart:.0e} |")
    print(f"{len(rows)} figures, the worst {worst:.1e} apart", file=sys.stderr)
    return int(worst > 1e-6)


if __name__ == "__main__":
    sys.exit(main())
