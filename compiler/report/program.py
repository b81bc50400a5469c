"""A program for people: every default and every derived step written out (`sess render`)."""

from __future__ import annotations

from collections.abc import Iterable

from sess.compiler.block import Chosen, JsonValue
from sess.compiler.plans import ColumnPlan, Program, Role, TensorPlan


def render(program: Program) -> str:
    """Return the text, one part a section."""
    parts = [
        (f"spec {program.name}", [program.title] if program.title else []),
        ("data", _data(program)),
        ("columns", [_column(column) for column in program.workflow.columns]),
        ("vocabularies", _domains(program)),
        ("model", _model(program)),
        ("training", _training(program)),
        ("evaluation", _evaluation(program)),
        ("serving", _serving(program)),
    ]
    return "\n".join("\n".join([title, *(f"  {line}" for line in lines), ""]) for title, lines in parts)


def call(chosen: Chosen | None) -> str:
    """Return an entry as it would be written: `adam(lr=0.001)`; `none` if there is none."""
    if chosen is None:
        return "none"
    arguments = ", ".join(f"{key}={value(each)}" for key, each in chosen.params.items())
    return f"{chosen.name}({arguments})" if arguments else chosen.name


def value(each: JsonValue) -> str:
    """Return a parameter's value as it would be written."""
    match each:
        case None:
            return "none"
        case bool():
            return str(each).lower()
        case float():
            return f"{each:g}"
        case str():
            return each
        case list():
            return "[" + ", ".join(value(item) for item in each) + "]"
        case dict() if "names" in each and "level" in each:
            names = each["names"]
            return " + ".join(str(name) for name in names) if isinstance(names, list) else str(names)
        case dict() if "name" in each and "params" in each:
            params = each["params"]
            return call(Chosen(str(each["name"]), params if isinstance(params, dict) else {}))
        case _:
            return str(each)


def _table(rows: Iterable[tuple[str, str]]) -> list[str]:
    listed = list(rows)
    width = max((len(key) for key, _ in listed), default=0)
    return [f"{key:<{width}} = {text}" for key, text in listed]


def _data(program: Program) -> list[str]:
    data = program.workflow.data
    rows = f"a row is {'an event' if data.rows.value == 'events' else 'a session'}"
    return _table(
        [
            ("train", ", ".join(data.train) or "none"),
            ("valid", ", ".join(data.valid) or "none"),
            ("test", ", ".join(data.test) or "none"),
            ("catalogue", data.catalogue or "none"),
            ("split", call(data.split)),
            (
                "rows",
                f"{data.rows.value}, {rows}; session={data.session or 'none'}, time={data.time or 'none'}, "
                f"unit={data.unit}",
            ),
            ("idle", "none" if data.idle is None else f"{data.idle // 1_000_000}s"),
            ("dedupe", "consecutive" if data.dedupe else "none"),
            ("keep", f"last({data.keep})"),
            ("context", data.context),
            ("min_length", str(data.min_length)),
            ("item", data.item),
        ]
    )


def _column(column: ColumnPlan) -> str:
    notes = []
    if column.is_input:
        notes.append("input")
    if column.is_target:
        notes.append("target")
    if column.role is Role.SESSION:
        notes.append(f"takes the {column.take.value}")
    if column.is_source:
        notes.append("in requests")
    ops = " >> ".join(call(op) for op in column.ops) or "not prepared"
    if column.sources:
        made = column.maker.name if column.maker else ""
        ops = f"from {made}({', '.join(column.sources)}): {ops}" if made else f"from {column.sources[0]}: {ops}"
    domain = f" in {column.domain}" if column.domain else ""
    return f"{column.name}: {column.dtype}, {column.role.value} column{domain}; {ops}" + (
        f"; {', '.join(notes)}" if notes else ""
    )


def _domains(program: Program) -> list[str]:
    return [
        f"{domain.name}: {', '.join(domain.columns)} ({domain.dtype})"
        f"{', the catalogue' if domain.is_item else ''}; {call(domain.categorify)}"
        for domain in program.workflow.domains
    ]


def _model(program: Program) -> list[str]:
    model = program.model
    lines = [
        f"table {each.name}: {each.domain}, {'auto' if each.dim is None else each.dim} wide, "
        f"{call(Chosen('embedding', each.params))}"
        for each in model.tables
    ]
    for node in model.nodes:
        sources = ", ".join(source for ids in node.inputs.values() for source in ids)
        lines.append(f"{node.id}: {node.type} = {call(node.block)}" + (f" of {sources}" if sources else ""))
    lines += [f"encoder {each.name}: served as {model.name}.{each.name}" for each in model.encoders]
    lines += [f"head {head.name}: {call(head.block)} of {head.state or 'nothing'}" for head in model.heads]
    return lines


def _training(program: Program) -> list[str]:
    train = program.train
    return _table(
        [
            ("objective", call(program.model.objective)),
            ("optimizer", call(train.optimizer)),
            ("schedule", call(train.schedule)),
            ("batch", f"{train.batch} sessions" if train.tokens is None else f"{train.tokens} tokens"),
            ("epochs", str(train.epochs)),
            ("stop", call(train.stop)),
            ("precision", train.precision),
            ("seed", str(train.seed)),
            ("clip_norm", value(train.clip_norm)),
            ("weight_decay", value(train.weight_decay)),
        ]
    )


def _evaluation(program: Program) -> list[str]:
    evaluate = program.evaluate
    return _table(
        [
            ("metrics", ", ".join(str(metric) for metric in evaluate.metrics)),
            ("baselines", ", ".join(call(each) for each in evaluate.baselines) or "none"),
            ("slices", ", ".join(evaluate.slices) or "none"),
            ("exclude", ", ".join(evaluate.exclude) or "none"),
        ]
    )


def _serving(program: Program) -> list[str]:
    serving = program.serving
    lines = _table(
        [
            ("top_k", str(serving.top_k)),
            ("exclude", ", ".join(serving.exclude) or "none"),
            ("accept", ", ".join(serving.accept) or "none"),
            ("index", call(serving.index)),
            ("platform", f"{serving.platform}, backend {serving.backend}"),
            ("batch", f"dynamic, at most {serving.batch_max}, waits {serving.delay / 1000:g} ms"),
            ("on_empty", serving.on_empty),
            ("on_unknown", serving.on_unknown),
        ]
    )
    return [
        *lines,
        "request",
        *(f"  {_tensor(each)}" for each in serving.request),
        "answer",
        *(f"  {_tensor(each)}" for each in serving.answers),
    ]


def _tensor(tensor: TensorPlan) -> str:
    optional = ", optional" if tensor.is_optional else ""
    return f"{tensor.name}: {tensor.dtype} ({', '.join(tensor.shape)}){optional}"
