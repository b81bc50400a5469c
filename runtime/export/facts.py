"""What the served steps must know, as plain data: `serving.json` beside each of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sess.compiler.block import JsonValue
from sess.compiler.codec import encode
from sess.compiler.plans import Program, Role
from sess.runtime.export.saved_model import arguments
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.steps.bags import Bags
from sess.runtime.vocabulary import folder_of

FORMAT_VERSION = 1

# What one request may hold at most (the serving contract).
MOST_SESSIONS = 4096
MOST_VALUES = 1_048_576
LONGEST_LIST = 1000  # or as long as the data has one
BATCH = 64  # sessions that may have the longest list at every step


def reader_facts(program: Program, prepared: Prepared, graph: Mapping[str, str | None]) -> dict[str, JsonValue]:
    """Return what the prepare step must know beside the fitted workflow; `graph` is what a graph's step reads of it."""
    serving, data = program.serving, program.workflow.data
    item_domain = next((domain.name for domain in program.workflow.domains if domain.is_item), None)
    longest = _longest_list(prepared)
    places = max(MOST_VALUES, BATCH * program.model.keep * longest)
    return {
        "format_version": FORMAT_VERSION,
        "request": encode(serving.request),
        "inputs": list(program.model.inputs),
        "graph": dict(graph),
        "group": program.model.group,
        "lengths": {column.group: column.name for column in program.workflow.lengths},
        "item": data.item,
        "item_domain": item_domain,
        "domains": {name: {"file": folder_of(name)} for name in prepared.vocabularies},
        "keep": program.model.keep,
        "top_k": serving.top_k,
        "excludes_seen": "seen" in serving.exclude,
        "on_empty": serving.on_empty,
        "on_unknown": serving.on_unknown,
        "limits": {
            "sessions": MOST_SESSIONS,
            "values": MOST_VALUES,
            "list": max(LONGEST_LIST, longest),
            "places": places,
        },
    }


def _longest_list(prepared: Prepared) -> int:
    """Return how many values the longest list of the data has, of a step or of a session."""
    splits = [each for each in (prepared.train, prepared.valid, prepared.test) if each is not None]
    columns = [
        values
        for each in splits
        for part in (each.steps, each.session, *(other.steps for other in each.others.values()))
        for values in part.values()
    ]
    lengths = [int(np.diff(values.offsets).max(initial=0)) for values in columns if isinstance(values, Bags)]
    return max(lengths, default=0)


def answerer_facts(
    program: Program,
    prepared: Prepared,
    states: Mapping[str, JsonValue],
    catalogues: Mapping[str, Mapping[str, JsonValue]],
) -> dict[str, JsonValue]:
    """Return what the model step must know beside its graph, its catalogues and the vocabularies of what is ranked."""
    columns = {column.name: column for column in program.workflow.inputs}
    item_domain = next((domain.name for domain in program.workflow.domains if domain.is_item), None)
    answers = {tensor.name: tensor for tensor in program.serving.answers}
    rankings: dict[str, JsonValue] = {}
    domains: dict[str, JsonValue] = {}
    for head in program.model.heads:
        if head.is_ranking and head.target_domain is not None:
            is_item = head.target_domain == item_domain
            rankings[head.name] = {
                "domain": head.target_domain,
                "is_item": is_item,
                "index": None,
                **catalogues[head.name],
            }
            domains[head.target_domain] = {
                "file": folder_of(head.target_domain),
                "reserved": prepared.vocabularies[head.target_domain].reserved,
                "dtype": answers[f"{head.name}.ids"].dtype,
            }
    return {
        "format_version": FORMAT_VERSION,
        "states": dict(states),
        "inputs": list(program.model.inputs),
        "arguments": dict(arguments(program.model)),
        "outputs": list(answers),
        "rankings": rankings,
        "domains": domains,
        "has_steps": any(columns[name].role is not Role.SESSION for name in program.model.inputs),
        "batch_max": program.serving.batch_max,
    }


def ranked_domains(program: Program) -> dict[str, str]:
    """Return the domains whose ids are answered, in order of heads, with the dtype of those ids."""
    dtypes = {tensor.name: tensor.dtype for tensor in program.serving.answers}
    found = {head.target_domain: f"{head.name}.ids" for head in program.model.heads if head.is_ranking}
    return {domain: dtypes[answer] for domain, answer in found.items() if domain is not None}
