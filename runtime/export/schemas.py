"""The schemas that an artifact keeps beside the prepared one: the user's own, and Merlin's form of an answer."""

from __future__ import annotations

from pathlib import Path

from sess.compiler.backend import SpecFiles
from sess.compiler.plans import Program


def write_schemas(program: Program, files: SpecFiles, folder: Path) -> None:
    """Write the user's schema as it is, the catalogue's if there is one, and `output.pbtxt`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"input.{_format(files.schema)}").write_bytes(files.schema)
    if files.catalogue_schema is not None:
        (folder / f"catalogue.{_format(files.catalogue_schema)}").write_bytes(files.catalogue_schema)
    (folder / "output.pbtxt").write_text(_output(program), encoding="utf-8")


def _format(schema: bytes) -> str:
    return "json" if schema.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else "pbtxt"


def _output(program: Program) -> str:
    """Return Merlin's schema of the answer: lists of at most `top_k` ids and scores, vectors of fixed width."""
    from merlin.schema import ColumnSchema, Schema, Tags  # imports TensorFlow
    from merlin.schema.io.tensorflow_metadata import TensorflowMetadata

    items = {column for domain in program.workflow.domains if domain.is_item for column in domain.columns}
    columns = []
    for tensor in program.serving.answers:
        dims: tuple[int | tuple[int, int] | None, ...] = (None,)
        tags = [Tags.CATEGORICAL if tensor.name.endswith(".ids") else Tags.CONTINUOUS]
        if tensor.shape == ("B", "K"):
            dims = (None, (0, program.serving.top_k))
            tags += [Tags.ITEM_ID] if tensor.column in items and tensor.name.endswith(".ids") else []
        elif tensor.name.endswith(".vector"):
            dims = (None, int(tensor.shape[1])) if tensor.shape[1].isdecimal() else (None, (0, None))  # type: ignore[assignment]
            tags = [Tags.EMBEDDING]
        columns.append(ColumnSchema(tensor.name, tags=tags, dtype=tensor.dtype.partition("[")[0], dims=dims))
    metadata = TensorflowMetadata.from_merlin_schema(Schema(columns))
    for feature in metadata.proto_schema.feature:
        feature.annotation.tag = sorted(feature.annotation.tag)  # Merlin keeps tags in a set
    text: str = metadata.to_proto_text()
    return text
