"""A client of a served model over HTTP or gRPC (KServe v2): numpy tensors in, numpy tensors out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sess.compiler.failures import RunFailed

Array = NDArray[Any]  # text is an object array of bytes

WAITS = 60.0  # seconds for one answer

_DATATYPES = {"O": "BYTES", "b": "BOOL", "f": "FP", "i": "INT", "u": "UINT"}


class Refused(RunFailed):
    """The server answered that a request can't be served."""


class Client:
    """A connection to one server."""

    def __init__(self, address: str, *, is_grpc: bool) -> None:
        self.address, self.is_grpc = address, is_grpc
        self._module: Any  # both of Triton's clients have the same methods, and no types
        if is_grpc:
            import tritonclient.grpc as grpc

            self._module, self._client = grpc, grpc.InferenceServerClient(address)
        else:
            import tritonclient.http as http

            self._module = http
            self._client = http.InferenceServerClient(address, network_timeout=WAITS, connection_timeout=WAITS)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def infer(self, model: str, tensors: Mapping[str, Array], outputs: Iterable[str] = ()) -> dict[str, Array]:
        """Return the outputs that are asked for, or all; Refused with the server's words."""
        inputs = []
        for name, values in tensors.items():
            tensor = self._module.InferInput(name, list(values.shape), datatype(values))
            tensor.set_data_from_numpy(_encoded(values))
            inputs.append(tensor)
        wanted = [self._module.InferRequestedOutput(name) for name in outputs] or None
        answer = self._ask(lambda: self._client.infer(model, inputs, outputs=wanted))
        names = self._names(answer)
        return {name: answer.as_numpy(name) for name in names}

    def metadata(self, model: str) -> dict[str, Any]:
        """Return a model's inputs and outputs with their datatypes."""
        found: dict[str, Any] = self._ask(lambda: self._json(self._client.get_model_metadata, model))
        return found

    def extensions(self) -> list[str]:
        """Return what the server says of itself beside its name."""
        found: list[str] = self._ask(lambda: self._json(self._client.get_server_metadata)).get("extensions", [])
        return found

    def parameters(self, model: str) -> dict[str, str]:
        """Return the parameters of a model's configuration."""
        found = self._ask(lambda: self._json(self._client.get_model_config, model))
        config = found.get("config", found)
        return {key: value["string_value"] for key, value in config.get("parameters", {}).items()}

    def models(self) -> list[str]:
        """Return the names of all models that are ready."""
        found = self._ask(lambda: self._json(self._client.get_model_repository_index))
        listed = found["models"] if isinstance(found, dict) else found
        return [model["name"] for model in listed if model.get("state") == "READY"]

    def _json(self, method: Any, *arguments: str) -> Any:
        return method(*arguments, as_json=True) if self.is_grpc else method(*arguments)

    def _names(self, answer: Any) -> list[str]:
        if self.is_grpc:
            return [output.name for output in answer.get_response().outputs]
        return [output["name"] for output in answer.get_response()["outputs"]]

    def _ask(self, question: Any) -> Any:
        from tritonclient.utils import InferenceServerException

        try:
            return question()
        except InferenceServerException as error:
            raise Refused(str(error.message()).strip()) from None
        except OSError as error:
            raise RunFailed(f"`{self.address}` doesn't answer: {error}", "is it served there?") from None


def datatype(values: Array) -> str:
    """Return the protocol's name of a dtype."""
    stem = _DATATYPES[values.dtype.kind]
    return stem if stem in ("BYTES", "BOOL") else f"{stem}{values.dtype.itemsize * 8}"


def _encoded(values: Array) -> Array:
    if values.dtype != object:
        return values
    return np.array([value.encode() if isinstance(value, str) else value for value in values.tolist()], object)
