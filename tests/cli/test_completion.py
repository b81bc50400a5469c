"""`sess completion`: the script that it prints makes a real bash complete commands, codes, blocks and files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SESS = Path(sys.executable).parent / "sess"


def complete(line: str, at: Path) -> list[str]:
    """Return what bash offers for the last word of a line, by the script of `sess completion bash`."""
    words = line.split(" ")
    script = f"""
        compopt() {{ :; }}
        eval "$(sess completion bash)"
        COMP_WORDS=({" ".join(repr(word) for word in words)}) COMP_CWORD={len(words) - 1}
        _sess_completion sess
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    env = {**os.environ, "PATH": f"{SESS.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script], cwd=at, env=env, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.split()


pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("sess eva", "evaluate"), ("sess check --form", "--format"), ("sess check --format sa", "sarif"),
        ("sess explain S30", "S301"), ("sess explain row-m", "row-meets-seq"), ("sess blocks gr", "gru"),
    ],
)  # fmt: skip
def test_bash_completes(tmp_path: Path, line: str, wanted: str) -> None:
    assert wanted in complete(line, tmp_path)


@pytest.mark.parametrize(
    ("shell", "word"), [("bash", "complete -o"), ("zsh", "compdef"), ("fish", "complete --no-files")]
)
def test_each_shell_has_a_script(shell: str, word: str) -> None:
    done = subprocess.run([SESS, "completion", shell], capture_output=True, text=True, timeout=60, check=True)
    assert word in done.stdout
