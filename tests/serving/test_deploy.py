"""What is written for clusters is what clusters read, whatever the spec is called, and the same every time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from sess.compiler.plans import Program
from sess.runtime.export.deploy import FILES, cluster_name, write_deployment


@pytest.fixture
def written(program: Program, tmp_path: Path) -> Path:
    """The files of the small shop."""
    write_deployment(program, tmp_path / "deploy")
    return tmp_path / "deploy"


def documents(path: Path) -> dict[str, Any]:
    """Return the documents of a file by their kind."""
    return {each["kind"]: each for each in yaml.safe_load_all(path.read_text())}


def test_the_service_selects_the_pods_and_names_their_ports(written: Path) -> None:
    found = documents(written / "deployment.yaml")
    pod = found["Deployment"]["spec"]["template"]
    assert found["Deployment"]["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert found["Service"]["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    (container,) = pod["spec"]["containers"]
    ports = {port["name"] for port in container["ports"]}
    assert {port["targetPort"] for port in found["Service"]["spec"]["ports"]} == ports
    assert {mount["name"] for mount in container["volumeMounts"]} == {each["name"] for each in pod["spec"]["volumes"]}


def test_a_pod_has_time_to_drain(written: Path) -> None:
    pod = documents(written / "deployment.yaml")["Deployment"]["spec"]["template"]["spec"]
    drain = float(pod["containers"][0]["args"][1])
    assert drain + 20 < pod["terminationGracePeriodSeconds"]


def test_kserve_and_kustomize_name_the_same_image(written: Path) -> None:
    (service,) = documents(written / "kserve.yaml").values()
    (custom,) = documents(written / "kustomization.yaml").values()
    pod = documents(written / "deployment.yaml")["Deployment"]["spec"]["template"]["spec"]
    image = service["spec"]["predictor"]["containers"][0]["image"]
    assert image == custom["images"][0]["name"] == pod["containers"][0]["image"] == "shop"
    assert all((written / name).is_file() for name in custom["resources"])


def test_the_container_runs_a_command_that_exists(written: Path) -> None:
    import json

    from sess.compiler.cli.serve import command

    lines = (written / "Containerfile").read_text().splitlines()
    (entry,) = [json.loads(line.removeprefix("ENTRYPOINT ")) for line in lines if line.startswith("ENTRYPOINT")]
    pod = documents(written / "deployment.yaml")["Deployment"]["spec"]["template"]["spec"]
    words = [*entry, *pod["containers"][0]["args"]]
    assert words[:2] == ["sess", "serve"]
    parsed = command.make_context("serve", list(words[2:])).params
    assert (parsed["artifact"], parsed["http_port"], parsed["grpc_port"], parsed["metrics_port"]) == (
        "/artifact", 8000, 8001, 8002
    )  # fmt: skip


HOSTILE = ["Shop_2", "_", "__a__", "x" * 200, 'a"\n  hostNetwork: true', "{{ 7 * 7 }}", "9lives"]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_out_of_its_place(name: str, program: Program, tmp_path: Path) -> None:
    strange = replace(program, serving=replace(program.serving, name=name))
    write_deployment(strange, tmp_path)
    found = documents(tmp_path / "deployment.yaml")["Deployment"]
    assert found["metadata"]["annotations"]["sess/spec"] == name
    assert "hostNetwork" not in found["spec"]["template"]["spec"]
    label = cluster_name(name)
    assert 0 < len(label) <= 63
    assert label[0].isalpha() and label[-1].isalnum() and label.isascii() and label == label.lower()


def test_the_same_spec_gives_the_same_files(program: Program, tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_deployment(program, tmp_path / name)
    assert all((tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes() for file in FILES)
