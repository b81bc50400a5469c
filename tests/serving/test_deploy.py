"""What is written for clusters is what clusters read, whatever the spec is called, and the same every time."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from sess.compiler.plans import Program
from sess.runtime.export.deploy import FILES, cluster_name, write_deployment
from sess.runtime.serve.run import ENDS_WITHIN
from sess.runtime.serve.triton import DRAINS_IN, STARTS_IN


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


def pods(written: Path) -> list[dict[str, Any]]:
    """Return what a cluster is told of a pod, by a deployment and by KServe."""
    deployment = documents(written / "deployment.yaml")["Deployment"]
    return [
        deployment["spec"]["template"]["spec"],
        documents(written / "kserve.yaml")["InferenceService"]["spec"]["predictor"],
    ]


def test_a_pod_has_time_to_drain(written: Path) -> None:
    for pod in pods(written):
        drain = float(pod["containers"][0]["args"][1])
        assert drain + ENDS_WITHIN + DRAINS_IN + 5 < pod["terminationGracePeriodSeconds"]


def test_a_pod_is_nobody_and_writes_only_where_it_says(written: Path) -> None:
    for pod in pods(written):
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] and pod["automountServiceAccountToken"] is False
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert {each["mountPath"] for each in container["volumeMounts"]} == {"/tmp", "/dev/shm"}
        assert {each["name"] for each in pod["volumes"]} == {each["name"] for each in container["volumeMounts"]}


def test_a_pod_is_started_longer_than_triton_may_take(written: Path) -> None:
    for pod in pods(written):
        (container,) = pod["containers"]
        probe = container["startupProbe"]
        assert probe["periodSeconds"] * probe["failureThreshold"] >= STARTS_IN
        assert container["readinessProbe"]["httpGet"]["path"] == probe["httpGet"]["path"] == "/v2/health/ready"
        assert container["livenessProbe"]["httpGet"]["path"] == "/v2/health/live"  # a model that restarts is alive


def test_an_eviction_leaves_a_replica(written: Path) -> None:
    found = documents(written / "deployment.yaml")
    assert found["PodDisruptionBudget"]["spec"]["selector"] == found["Deployment"]["spec"]["selector"]
    assert found["PodDisruptionBudget"]["spec"]["minAvailable"] < found["Deployment"]["spec"]["replicas"]


@pytest.mark.parametrize(("device", "limits"), [("auto", None), ("cpu", None), ("gpu", {"nvidia.com/gpu": "1"})])
def test_a_graph_of_another_backend_is_served_by_the_image_that_has_it(
    device: str, limits: object, program: Program, tmp_path: Path
) -> None:
    serving = replace(program.serving, backend="onnx", device=device, platform="triton 24.10")
    write_deployment(replace(program, serving=serving), tmp_path)
    lines = (tmp_path / "Containerfile").read_text().splitlines()
    assert "FROM nvcr.io/nvidia/tritonserver:24.10-py3" in lines
    assert not [line for line in lines if line.startswith("RUN") and "sess" in line]
    for pod in pods(tmp_path):
        (container,) = pod["containers"]
        assert container["resources"].get("limits") == limits
        assert "args" not in container  # `--drain` is a word of ours
        drain = float(container["lifecycle"]["preStop"]["exec"]["command"][1])
        (most,) = re.findall(r"--exit-timeout-secs=(\d+)", lines[-1])
        assert drain + float(most) < pod["terminationGracePeriodSeconds"]


def test_kserve_and_kustomize_name_the_same_image(written: Path) -> None:
    (service,) = documents(written / "kserve.yaml").values()
    (custom,) = documents(written / "kustomization.yaml").values()
    pod = documents(written / "deployment.yaml")["Deployment"]["spec"]["template"]["spec"]
    image = service["spec"]["predictor"]["containers"][0]["image"]
    (kept,) = custom["images"]
    assert image == pod["containers"][0]["image"] == f"{kept['name']}:{kept['newTag']}" == "shop:1"
    assert f"-t {image} " in (written / "Containerfile").read_text()
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
