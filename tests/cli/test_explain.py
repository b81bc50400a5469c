"""`sess explain` and `sess rules`, by click's own runner."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from sess.compiler.cli import explain, rules
from sess.compiler.codes import ALL
from sess.compiler.failures import Misused


def explained(*arguments: str) -> Result:
    """Run `sess explain`; a failure is raised."""
    return CliRunner().invoke(explain.command, arguments, catch_exceptions=False, standalone_mode=False)


@pytest.mark.parametrize("word", ["S301", "s301", "row-meets-seq", "ROW_MEETS_SEQ", "[S301]"])
def test_a_code_is_found_by_number_and_name_in_any_case(word: str) -> None:
    output = explained(word).output
    assert output.startswith("# error[S301] row-meets-seq\n")
    assert "## Wrong" in output and "## Right" in output


def test_the_examples_of_a_page_are_there_for_programs() -> None:
    value = json.loads(explained("S301", "--format", "json").output)
    assert value["severity"] == "error"
    assert "broadcast(" in value["right"]["files"]["spec.sess"]
    assert "broadcast(" not in value["wrong"]["files"]["spec.sess"]


@pytest.mark.parametrize(("word", "near"), [("S3001", "S301"), ("row-meet-seq", "row-meets-seq")])
def test_an_unknown_code_names_the_nearest(word: str, near: str) -> None:
    with pytest.raises(Misused) as caught:
        explained(word)
    assert near in caught.value.help


def test_rules_are_all_codes_for_people_and_programs() -> None:
    lines = CliRunner().invoke(rules.command).output.splitlines()
    assert [line.split()[0] for line in lines] == [code.number for code in ALL]
    listed = json.loads(CliRunner().invoke(rules.command, ["--format", "json"]).output)
    assert [each["code"] for each in listed] == [code.number for code in ALL]
