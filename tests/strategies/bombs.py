"""Texts that are to exhaust time, memory or the stack of whoever reads them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

HEAD = 'spec hostile\nschema "shop.pbtxt"\n'
TAIL = """
columns clicks = tag(SEQUENCE)
columns item = tag(ITEM_ID) & clicks
table items = embedding(item, dim=64)
encoder query = features(clicks) >> gru(64)
head click = query >> categorical(item, tied=items)
train { objective = next }
"""
DIGITS = "9" * 100_000


@dataclass(frozen=True)
class Bomb:
    """A spec, and the files beside it."""

    text: str
    files: dict[str, str] = field(default_factory=dict)


def _lines(form: str, count: int) -> str:
    return "\n".join(form.format(i=i, j=i - 1, k=(i + 1) % count) for i in range(1, count))


def _reading(first: str, last: str, form: str, count: int) -> str:
    """Return definitions that each read the one before, and a spec whose encoder reads the last."""
    return f"{HEAD}{first}\n{_lines(form, count)}\n{TAIL.replace('features(clicks) >>', f'{last} >>')}"


def _schema(content: str) -> Bomb:
    return Bomb(f'spec hostile\nschema "bomb"\n{TAIL}', {"bomb": content})


SPECS: dict[str, Bomb] = {
    "a string of 10 MB": Bomb(f'spec s "{"a" * 10_000_000}"'),
    "a string of 900 kB": Bomb(f'spec s "{"a" * 900_000}"'),
    "an open string": Bomb('spec s "' + "a" * 900_000),
    "escapes without end": Bomb('spec s "' + "\\" * 900_000),
    "100,000 nested brackets": Bomb(f"{HEAD}let x = {'(' * 100_000}a{')' * 100_000}"),
    "100,000 open lists": Bomb(f"{HEAD}let x = {'[' * 100_000}"),
    "100,000 open sections": Bomb("data {" * 100_000),
    "150 nested calls": Bomb(f"{HEAD}let x = {'f(' * 150}a{')' * 150}{TAIL}"),
    "60 nested calls": Bomb(f"{HEAD}let x = {'f(' * 60}a{')' * 60}{TAIL}"),
    "an int of 100,000 digits": Bomb(HEAD + TAIL.replace("dim=64", f"dim={DIGITS}")),
    "a float of 100,000 digits": Bomb(HEAD + TAIL.replace("dim=64", f"dim={DIGITS}.5")),
    "a number beyond floats": Bomb(HEAD + TAIL.replace("dim=64", "dim=1e999999999")),
    "a cutoff of 100,000 digits": Bomb(f"{HEAD}{TAIL}evaluate {{ metrics = [recall@{DIGITS}] }}"),
    "a duration of 100,000 digits": Bomb(f"{HEAD}{TAIL}data {{ rows = events(idle={DIGITS}d) }}"),
    "a billion layers": Bomb(HEAD + TAIL.replace("gru(64)", "gru(64, layers=1000000000)")),
    "50,000 operators": Bomb(f"{HEAD}columns x = {' + '.join(['item_id'] * 50_000)}{TAIL}"),
    "800 operators": Bomb(f"{HEAD}columns x = {' + '.join(['item_id'] * 800)}{TAIL}"),
    "20,000 stages": Bomb(f"{HEAD}let x = features(clicks){' >> mlp([64])' * 20_000}{TAIL}"),
    "a list of 80,000": Bomb(f"{HEAD}param x = [{','.join('1' * 80_000)}]{TAIL}"),
    "lets 5,000 deep": Bomb(_reading("let x0 = features(clicks)", "x4999", "let x{i} = x{j} >> norm", 5_000)),
    "lets 900 deep": Bomb(_reading("let x0 = features(clicks)", "x899", "let x{i} = x{j} >> norm", 900)),
    "lets 900 deep, the last one first": Bomb(
        f"{HEAD}{chr(10).join(f'let x{i} = x{i - 1} >> norm' for i in range(899, 0, -1))}\nlet x0 = norm{TAIL}"
    ),
    "columns 5,000 deep": Bomb(f"{HEAD}columns c0 = clicks\n{_lines('columns c{i} = c{j} + item', 5_000)}{TAIL}"),
    "pipes that double": Bomb(_reading("let p0 = norm", "features(clicks) >> p49", "let p{i} = p{j} >> p{j}", 50)),
    "pipes that double inside of others": Bomb(
        _reading("let p0 = norm", "features(clicks) >> p49", "let p{i} = residual(p{j} >> p{j})", 50)
    ),
    "a cycle of 5,000": Bomb(f"{HEAD}{_lines('let x{i} = x{k} >> norm', 5_000)}{TAIL}"),
    "60 that all need each other": Bomb(
        f"{HEAD}{_lines('let x{i} = add(' + ', '.join(f'x{n}' for n in range(1, 60)) + ')', 60)}{TAIL}"
    ),
    "10,000 mistakes": Bomb(f"{HEAD}{_lines('let y{i} = nosuch{i}(a{i})', 10_000)}{TAIL}"),
    "10,000 syntax errors": Bomb(f"{HEAD}{_lines('let y{i} = = ( , ]', 10_000)}{TAIL}"),
    "stray characters": Bomb("$" * 900_000),
    "stray characters one by one": Bomb(HEAD + "$ " * 10_000 + TAIL),
    "stray quotes": Bomb("'" * 900_000),
    "a path of 800 kB": Bomb("a/" * 400_000),
    "a NUL": Bomb(f"{HEAD}let x = \0\0\n{TAIL}"),
    "a NUL in a path": Bomb(f'spec s\nschema "a\\u0000b"\n{TAIL}'),
    "half a surrogate pair": Bomb(f'spec s "\\ud800"\nschema "a\\ud800.pbtxt"\n{TAIL}'),
    "a name of 500 kB": Bomb(f"{HEAD}let {'x' * 500_000} = norm{TAIL}"),
    "4,000 unknown names beside 4,000 known": Bomb(
        f"{HEAD}{_lines('let zz{i} = norm', 4_000)}\n{_lines('let yy{i} = zzz{i} >> norm', 4_000)}{TAIL}"
    ),
    "20,000 entries": Bomb(f"{HEAD}prepare {{ {_lines('k{i} = clip(1, 2)', 20_000)} }}{TAIL}"),
    "an entry of 80,000 words": Bomb(f"{HEAD}prepare {{ k = {'a ' * 80_000} }}{TAIL}"),
    "a call without end": Bomb(f"{HEAD}let k = f({'a, ' * 60_000}{TAIL}"),
    "a million empty lines": Bomb("\n" * 990_000),
    "half a million comments": Bomb("#\n" * 490_000),
    "30,000 comments that hide": Bomb(HEAD + TAIL.replace("gru(64)", "gru(65)") + "# sess: ignore[S901] x\n" * 30_000),
    "a schema above the project": Bomb(f'spec s\nschema "../../../../etc/passwd"\n{TAIL}'),
    "a schema by an absolute path": Bomb(f'spec s\nschema "/etc/passwd"\n{TAIL}'),
    "a device as a schema": Bomb(f'spec s\nschema "/dev/zero"\n{TAIL}'),
    "a spec that imports itself": Bomb(f'{HEAD}import "spec.sess"\n{TAIL}'),
    "2,000 imports in a chain": Bomb(
        f'{HEAD}import "i0.sess"\n{TAIL}', {f"i{i}.sess": f'import "i{i + 1}.sess"\n' for i in range(2_000)}
    ),
    "60 imports of each other": Bomb(
        f'{HEAD}import "i0.sess"\n{TAIL}',
        {f"i{i}.sess": "\n".join(f'import "i{n}.sess"' for n in range(60)) for i in range(60)},
    ),
    "a schema that nests": _schema("feature {" * 100_000),
    "a schema of 50,000 columns": _schema("".join(f'feature {{ name: "c{i}" type: INT }}\n' for i in range(50_000))),
    "a schema of one string": _schema(f'feature {{ name: "{"a" * 3_900_000}" }}'),
    "a schema of 17 MB": _schema("#" * 17_000_000),
    "a schema with a huge number": _schema(f'feature {{ name: "a" int_domain {{ max: {DIGITS} }} }}'),
    "a schema of quotes": _schema('"' * 3_000_000),
    "a schema of a long list": _schema('feature { name: ["a"' + ",'b'" * 900_000 + "] }"),
    "a schema of words": _schema("a:1 " * 1_000_000),
    "a schema of brackets": _schema("[a" * 1_500_000),
    "a JSON schema that nests": _schema('{"feature":' + "[" * 1_000_000),
    "a JSON schema with a huge number": _schema(f'{{"feature":[{{"name":"a","intDomain":{{"max":{DIGITS}}}}}]}}'),
    "a JSON schema of infinities": _schema(
        '{"feature":[{"name":"a","intDomain":{"max":1e999},"annotation":'
        '{"extraMetadata":[{"_dims":[[0,null],[1e999,NaN]],"dtype_item_size":NaN}]}}]}'
    ),
    "a JSON schema of 80,000 columns": _schema(json.dumps({"feature": [{"name": f"c{i}"} for i in range(80_000)]})),
    "a JSON schema of one column again and again": _schema(json.dumps({"feature": [{"name": "c"}] * 100_000})),
}
"""What a check refuses, each with what it is."""
