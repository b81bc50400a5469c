"""How long the language server takes to answer after a keystroke in a spec of 200 lines, over a real pipe.

Run it by `python tests/benchmarks/keystroke.py`; the line it prints belongs into RESULTS.md.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from lsprotocol import types
from pytest_lsp import client_capabilities, make_test_lsp_client

ROOT = Path(__file__).parents[2]
ROUNDS = 40


def spec() -> str:
    """Return a spec of 200 lines that checks: the real one with columns, lets and comments between its parts."""
    text = (ROOT / "specs" / "xlnet_masked.sess").read_text(encoding="utf-8")
    missing = 200 - len(text.splitlines())
    lines: list[str] = []
    last = "steps"
    while len(lines) < missing:
        i = len(lines)
        if i % 4 == 0:
            lines.append(f"# what comes at place {i} of this long spec, and why it does")
        elif i % 4 == 1:
            lines.append(f"columns c{i} = tag(SEQUENCE) & tag(CATEGORICAL) + price")
        else:
            lines.append(f"let x{i} = {last} >> mlp([64, dim]) >> norm")
            last = f"x{i}"
    return text.replace("encoder query = steps", "\n".join(lines) + f"\nencoder query = {last}")


async def measure(folder: Path) -> dict[str, list[float]]:
    """Return the milliseconds from a keystroke to each kind of answer."""
    (folder / "schema.pbtxt").write_text((ROOT / "specs" / "shop.pbtxt").read_text(encoding="utf-8"))
    text = spec()
    path = folder / "long.sess"
    path.write_text(text)
    uri, client = path.as_uri(), make_test_lsp_client()
    await client.start_io(sys.executable, "-m", "sess.compiler.cli.main", "lsp")
    await client.initialize_session(
        types.InitializeParams(capabilities=client_capabilities("visual_studio_code"), root_uri=folder.as_uri())
    )
    client.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "sess", 1, text)),
    )
    await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    document = types.TextDocumentIdentifier(uri)
    line = next(i for i, words in enumerate(text.splitlines()) if words.startswith("let x50 "))
    at = types.Position(line, text.splitlines()[line].index("norm"))
    taken: dict[str, list[float]] = {"hover": [], "completion": [], "diagnostics": []}
    for i in range(ROUNDS):
        for what in taken:
            letter = types.TextDocumentContentChangePartial(types.Range(*[types.Position(0, 3)] * 2), f"{i % 10}")
            changed = types.VersionedTextDocumentIdentifier(i, uri)
            told = asyncio.ensure_future(client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS))
            await asyncio.sleep(0)  # so that it listens
            start = time.perf_counter()
            client.text_document_did_change(types.DidChangeTextDocumentParams(changed, [letter]))
            if what == "hover":
                assert await client.text_document_hover_async(types.HoverParams(document, at))
            elif what == "completion":
                found = await client.text_document_completion_async(types.CompletionParams(document, at))
                assert found.items
            else:
                await told
            taken[what].append((time.perf_counter() - start) * 1e3)
            await told
    await client.shutdown_session()
    await client.stop()
    return taken


def main() -> None:
    """Print the median and the worst of each kind."""
    with tempfile.TemporaryDirectory() as folder:
        taken = asyncio.run(measure(Path(folder)))
    parts = [f"{what} {statistics.median(each):.1f} ms (worst {max(each):.1f})" for what, each in taken.items()]
    print(f"keystroke in {len(spec().splitlines())} lines: {', '.join(parts)}")


if __name__ == "__main__":
    main()
