"""Every format of findings is what its readers take: by their schemas, over every wrong spec that we have."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from functools import cache
from pathlib import Path

import pytest

from sess.compiler import codes
from sess.compiler.diagnostics import Diagnostic, Edit, Fix, Label
from sess.compiler.driver import check_spec
from sess.compiler.report import github, gitlab, json_text, junit, rdjson, sarif
from sess.compiler.source import Source, Span

fastjsonschema = pytest.importorskip("fastjsonschema", reason="the dev extra is not installed")
xmlschema = pytest.importorskip("xmlschema", reason="the dev extra is not installed")

HERE = Path(__file__).parent
ERRORS = HERE.parent / "errors"
SCHEMAS = {"gitlab": "gitlab", "rdjson": "rdjson", "sarif": "sarif-2.1.0-rtm.5", "json_text": "sess"}
HOSTILE = Source('dir/a,b:c%.sess', '# é 𐐀\nlet x = "\x07]]>&<"\nlet y = 𐐀𐐀 z\n')  # fmt: skip


@cache
def wrong() -> tuple[tuple[Diagnostic, ...], tuple[str, ...]]:
    """Return the findings of every case beside the tests of errors, and the names of their files."""
    specs = sorted(ERRORS.glob("*/spec.sess"))
    return tuple(found for spec in specs for found in check_spec(spec).diagnostics), tuple(map(str, specs))


def hostile(start: int, end: int, message: str = '50% of\r\nit, at: `\x07]]>&<"`') -> Diagnostic:
    """Return a finding whose texts hold every sign that some format takes for its own."""
    span = Span(HOSTILE, start, end)
    fix = Fix("a: b, c%", (Edit(Span(HOSTILE, start, start), "("), Edit(Span(HOSTILE, end, end), ")")))
    return Diagnostic(codes.UNKNOWN_NAME, message, span, "here", (Label(span, "there"),), ("x",), (fix,))


ACROSS_LINES, ON_ONE_LINE = hostile(3, 12), hostile(HOSTILE.text.index("z"), HOSTILE.text.index("z") + 1)


@pytest.mark.parametrize("form", SCHEMAS)
@pytest.mark.parametrize("is_empty", [False, True], ids=["all findings", "no findings"])
def test_a_format_holds_to_its_schema(form: str, is_empty: bool) -> None:
    validate = fastjsonschema.compile(json.loads((HERE / "schemas" / f"{SCHEMAS[form]}.json").read_text()))
    module = {"gitlab": gitlab, "rdjson": rdjson, "sarif": sarif, "json_text": json_text}[form]
    found, files = wrong()
    text = module.render(() if is_empty else (*found, ACROSS_LINES, ON_ONE_LINE), files)
    validate(json.loads(text))


def test_junit_holds_to_its_schema_and_counts_right() -> None:
    schema = xmlschema.XMLSchema(str(HERE / "schemas" / "junit-10.xsd"))
    found, files = wrong()
    clean = "clean.sess"
    text = junit.render((*found, ACROSS_LINES, ON_ONE_LINE), (*files, clean))
    schema.validate(text)
    root = ElementTree.fromstring(text)
    assert root.get("tests") == str(len(root.findall(".//testcase")))
    assert root.get("failures") == str(len(root.findall(".//failure")))
    (suite,) = [each for each in root if each.get("name") == clean]
    assert suite.get("tests") == "1" and suite.find("./testcase/failure") is None


def test_github_leaves_columns_out_where_several_lines_are_meant() -> None:
    first, second = github.render((ACROSS_LINES, ON_ONE_LINE), ()).splitlines()
    assert "col=" not in first and "line=1,endLine=2" in first
    assert "line=3,endLine=3,col=12,endColumn=13" in second


def test_github_escapes_what_it_takes_for_its_own() -> None:
    (line,) = github.render((ON_ONE_LINE,), ()).splitlines()
    properties, _, message = line.removeprefix("::error ").partition("::")
    assert properties.startswith("file=dir/a%2Cb%3Ac%25.sess,")
    assert message.startswith("50%25 of%0D%0Ait, at: `")
    assert "\r" not in line


def test_gitlab_gets_a_fingerprint_for_each_that_lives_through_moved_lines() -> None:
    found, files = wrong()
    prints = [each["fingerprint"] for each in json.loads(gitlab.render(found, files))]
    assert len(set(prints)) == len(prints)
    twice = "spec t\n# space\nlet a = b\nlet a = b\n"
    moved = twice.replace("# space\n", "\n\n\n")
    assert _prints(twice) == _prints(moved) and len(set(_prints(twice))) == 2


def test_rdjson_counts_columns_in_bytes_and_joins_the_edits_of_a_fix() -> None:
    (value,) = json.loads(rdjson.render((ON_ONE_LINE,), ()))["diagnostics"]
    assert value["location"]["range"]["start"] == {"line": 3, "column": 18}
    assert value["suggestions"] == [{"range": value["location"]["range"], "text": "(z)"}]


def test_sarif_counts_columns_in_code_points_and_quotes_the_path() -> None:
    (run,) = json.loads(sarif.render((ON_ONE_LINE,), ()))["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "dir/a%2Cb%3Ac%25.sess"
    assert place["region"] == {"startLine": 3, "startColumn": 12, "endLine": 3, "endColumn": 13}


def test_sarif_tells_of_what_a_comment_hides_as_suppressed() -> None:
    validate = fastjsonschema.compile(json.loads((HERE / "schemas" / "sarif-2.1.0-rtm.5.json").read_text()))
    value = json.loads(sarif.render((ON_ONE_LINE,), (), (ACROSS_LINES,)))
    validate(value)
    assert [each["suppressions"] for each in value["runs"][0]["results"]] == [[], [{"kind": "inSource"}]]
    assert "suppressions" not in json.loads(sarif.render((ON_ONE_LINE,), ()))["runs"][0]["results"][0]


def test_offsets_count_the_bytes_of_the_file_with_its_mark() -> None:
    source = Source("a.sess", "é = y\n", has_mark=True)
    found = Diagnostic(codes.UNKNOWN_NAME, "nothing is called `y`", Span(source, 4, 5))
    (value,) = json.loads(json_text.render((found,)))["diagnostics"]
    assert value["range"]["start"] == {"line": 1, "column": 5, "offset": 3 + 5}


def _prints(text: str) -> list[str]:
    source = Source("a.sess", text)
    places = [at for at in range(len(text)) if text.startswith("b", at)]
    found = [Diagnostic(codes.UNKNOWN_NAME, "nothing is called `b`", Span(source, at, at + 1)) for at in places]
    return [each["fingerprint"] for each in json.loads(gitlab.render(found, ()))]
