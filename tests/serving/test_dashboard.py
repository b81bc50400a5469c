"""The Grafana dashboard asks only for what a server says of itself, and for all of it."""

from __future__ import annotations

import json
import re
from importlib.resources import files

from prometheus_client.parser import text_string_to_metric_families

from sess.runtime.serve.gateway.metrics import Metrics

DASHBOARD = json.loads(files("sess.runtime.serve.dashboards").joinpath("grafana.json").read_text())
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
KNOWN_LABELS = {"instance", "le"}


def test_its_queries_name_every_metric_and_no_other() -> None:
    metrics = Metrics()
    families = text_string_to_metric_families(metrics.text().decode())
    names = {family.name for family in families if not family.name.endswith("_created")}
    asked = {name for expression in EXPRESSIONS for name in re.findall(r"\bsess_\w+", expression)}
    assert {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in asked} == names


def test_its_queries_name_labels_that_the_metrics_have() -> None:
    metrics = Metrics()
    known = {label for each in vars(metrics).values() for label in getattr(each, "_labelnames", ())} | KNOWN_LABELS
    asked = {
        label
        for expression in EXPRESSIONS
        for found in re.findall(r"by \(([^)]*)\)", expression)
        for label in found.split(", ")
    }
    assert asked <= known


def test_every_panel_has_a_place_of_its_own() -> None:
    places = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in DASHBOARD["panels"]
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]
    assert len(places) == len(set(places))
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
