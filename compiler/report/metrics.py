"""An evaluation as text for a terminal: how it was measured, and a table of heads and baselines with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]  # metrics.json as the runtime wrote it

BESIDE_SPLITS = ("protocol", "slices", "index")
GAP = "  "
NONE = "–"


def metrics_text(metrics: Json, width: int | None = None) -> str:
    """Return the tables of all splits, then of their slices; metrics beyond `width` stand below the others."""
    protocol = metrics.get("protocol", {})
    parts: list[str] = []
    for split, rows in metrics.items():
        if split in BESIDE_SPLITS:
            continue
        parts.append("\n".join([*_protocol(split, protocol), "", *_table(rows, width)]))
        for name, groups in metrics.get("slices", {}).get(split, {}).items():
            rows = {}
            for group, found in groups.items():
                rows[f"{group} ({found['sessions']:,})"] = {}
                rows |= {f"{group}\0  {row}": figures for row, figures in found["rows"].items()}
            parts.append("\n".join([f"{split} by {name} (sessions)", "", *_table(rows, width)]))
    return "\n\n".join(parts) + "\n" if parts else "nothing was measured: the data has no valid and no test split\n"


def _protocol(split: str, protocol: Json) -> list[str]:
    """Return what the figures mean: split, question, ranking, exclusions, counts."""
    counts = protocol.get("counts", {}).get(split, {})
    seen = "left out" if "seen" in protocol.get("exclude", ()) else "not left out"
    items = ", ".join(f"{count:,} of `{head}`" for head, count in protocol.get("items", {}).items())
    read = f", of which the last {protocol['keep']:,} are read" if protocol.get("keep") else ""
    lines = [
        f"{split} ({protocol.get('split', '?')}): {counts.get('sessions', 0):,} sessions",
        f"asked: {protocol.get('question', '?')}{read}",
        f"ranking: {protocol.get('ranking', '?')} ({items}), seen items {seen}" if items else "",
        f"interval: {protocol.get('interval', '?')}",
    ]
    if counts.get("too_short"):
        lines.append(f"left out: {counts['too_short']:,} sessions that have nothing before what is asked for")
    if named := protocol.get("left_out"):
        listed = ", ".join(f"`{name}`" for name in named)
        lines.append(f"left out: {listed}, for which training's sessions are needed, which an artifact doesn't hold")
    for head, found in counts.get("heads", {}).items():
        lines += _misses(head, found)
    return [line for line in lines if line]


def _misses(head: str, counts: Json) -> Iterable[str]:
    texts = {
        "unknown_targets": "are not in the vocabulary",
        "untrained_targets": "never occur in training",
        "seen_targets": "were seen before and left out of the ranking",
    }
    for name, text in texts.items():
        if counts.get(name):
            yield f"`{head}`: {counts[name]:,} targets {text}" + ("" if name == "untrained_targets" else ": misses")


def _table(rows: Json, width: int | None) -> list[str]:
    """Return a table with a column for every metric that any row has; a row without figures heads those below it.

    What stands in a name before a null byte tells it from others and isn't shown.
    """
    names = list(dict.fromkeys(metric for figures in rows.values() for metric in figures))
    header = ["", *names]
    body = [
        [row.rpartition("\0")[2], *(_figure(figures.get(name)) if figures else "" for name in names)]
        for row, figures in rows.items()
    ]
    widths = [max(len(line[i]) for line in [header, *body]) for i in range(len(header))]
    found: list[str] = []
    for part in _parts(widths, width):
        found += [""] if found else []
        elsewhere = set(range(1, len(header))) - set(part)
        found += [
            GAP.join(line[i].ljust(widths[i]) for i in (0, *part)).rstrip()
            for line in [header, *body]
            if _has_any(line, part) or not _has_any(line, elsewhere)
        ]
    return found


def _has_any(line: Sequence[str], places: Iterable[int]) -> bool:
    """Return whether a line has a figure at one of these places."""
    return any(line[i] not in ("", NONE) for i in places)


def _parts(widths: Sequence[int], most: int | None) -> list[list[int]]:
    """Return the places of the metrics, in as many parts as it takes to stay within `most`, names before each."""
    parts: list[list[int]] = [[]]
    used = widths[0]
    for i in range(1, len(widths)):
        used += len(GAP) + widths[i]
        if most is not None and parts[-1] and used > most:
            parts.append([])
            used = widths[0] + len(GAP) + widths[i]
        parts[-1].append(i)
    return parts


def _figure(figure: Json | None) -> str:
    if figure is None or figure["value"] is None:
        return NONE
    value = _number(figure["value"])
    if figure.get("low") is None:
        return value
    return f"{value} ({_number(figure['low'])}–{_number(figure['high'])})"


def _number(value: float) -> str:
    return f"{value:.2e}" if 0 < abs(value) < 0.0001 else f"{value:.4f}"
