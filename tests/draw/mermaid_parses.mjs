// Parse the Mermaid text on standard input as Mermaid itself does; the exit code says whether it could.
import { JSDOM } from "jsdom";

const { window } = new JSDOM("");
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");
let text = "";
for await (const chunk of process.stdin) text += chunk;
await mermaid.parse(text);
const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
console.log(JSON.stringify({ cards: [...db.getVertices().keys()].filter((id) => /^n\d+$/.test(id)).length, wires: db.getEdges().length }));
