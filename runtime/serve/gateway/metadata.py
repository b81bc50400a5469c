"""What a client may know of a server and its models: names, datatypes and shapes, and nothing of the machine."""

from __future__ import annotations

import json
from typing import Any

from sess.runtime.serve.gateway.contract import VERSION, Contract

SERVER = "sess"
# Clients that know only the address find by these which model ranks, which column `--session` is, and which columns
# are one list a session.
MODEL, ITEM, BAGS = "sess.model:", "sess.item:", "sess.bags:"


def extensions(contract: Contract) -> list[str]:
    """Return the extensions of the protocol that are answered, with the spec's model and item column."""
    bags = BAGS + json.dumps(contract.reader.bags, ensure_ascii=False)
    return ["binary_tensor_data", MODEL + next(iter(contract.models)), ITEM + contract.item, bags]


def server_metadata(contract: Contract) -> dict[str, Any]:
    """Return the metadata of the server."""
    return {"name": SERVER, "version": VERSION, "extensions": extensions(contract)}


def model_metadata(contract: Contract, model: str) -> dict[str, Any]:
    """Return the metadata of a model."""

    def tensors(found: Any) -> list[dict[str, Any]]:
        return [{"name": each.name, "datatype": each.datatype, "shape": list(each.shape)} for each in found]

    return {
        "name": model,
        "versions": [VERSION],
        "platform": "ensemble",
        "inputs": tensors(contract.inputs.values()),
        "outputs": tensors(contract.models[model]),
    }
