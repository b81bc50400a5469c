// Zoom, pan and details of a drawn graph. No names of a spec are in this file; they come as JSON and become text nodes.
"use strict";
const cards = JSON.parse(document.getElementById("cards").textContent);
const stage = document.getElementById("stage");
const drawing = stage.querySelector("svg");
const details = document.getElementById("details");
const nodes = [...drawing.querySelectorAll("g.node")];
const wires = [...drawing.querySelectorAll("path.wire[data-source]")];
const whole = { x: 0, y: 0, width: drawing.viewBox.baseVal.width, height: drawing.viewBox.baseVal.height };
let view = { ...whole };
let pinned = null;

drawing.removeAttribute("width");
drawing.removeAttribute("height");

function show() {
  drawing.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
}

function fit() {
  view = { ...whole };
  show();
}

function zoom(factor, x, y) {
  const box = drawing.getBoundingClientRect();
  const scale = Math.max(view.width / box.width, view.height / box.height);
  const left = view.x + view.width / 2 - (box.width * scale) / 2 + (x - box.left) * scale;
  const top = view.y + view.height / 2 - (box.height * scale) / 2 + (y - box.top) * scale;
  const width = Math.min(whole.width * 4, Math.max(whole.width / 20, view.width * factor));
  const ratio = width / view.width;
  view = { x: left + (view.x - left) * ratio, y: top + (view.y - top) * ratio, width, height: view.height * ratio };
  show();
}

stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(event.deltaY * 0.0015), event.clientX, event.clientY);
}, { passive: false });

let drag = null;
stage.addEventListener("pointerdown", (event) => {
  drag = { x: event.clientX, y: event.clientY, view: { ...view }, moved: false };
});
stage.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const box = drawing.getBoundingClientRect();
  const scale = Math.max(view.width / box.width, view.height / box.height);
  drag.moved = drag.moved || Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 4;
  if (drag.moved && !stage.hasPointerCapture(event.pointerId)) stage.setPointerCapture(event.pointerId);
  view = { ...view, x: drag.view.x - (event.clientX - drag.x) * scale, y: drag.view.y - (event.clientY - drag.y) * scale };
  show();
});
stage.addEventListener("pointerup", (event) => {
  const node = event.target.closest ? event.target.closest("g.node") : null;
  if (drag && !drag.moved) pin(node ? node.dataset.id : null);
  drag = null;
});

function describe(id) {
  details.replaceChildren();
  for (const line of document.querySelectorAll(".source li.lit")) line.classList.remove("lit");
  const near = new Set([id]);
  for (const wire of wires) {
    const touches = wire.dataset.source === id || wire.dataset.target === id;
    wire.classList.toggle("lit", touches);
    if (touches) near.add(wire.dataset.source).add(wire.dataset.target);
  }
  for (const node of nodes) node.classList.toggle("near", near.has(node.dataset.id));
  drawing.classList.toggle("asking", id !== null);
  const card = id === null ? null : cards[id];
  if (!card) {
    details.textContent = details.dataset.hint;
    return;
  }
  const title = document.createElement("h2");
  title.textContent = card.title;
  const list = document.createElement("dl");
  for (const [key, value] of card.facts) {
    if (!value) continue;
    const term = document.createElement("dt");
    const text = document.createElement("dd");
    term.textContent = key;
    text.textContent = value;
    list.append(term, text);
  }
  details.append(title, list);
  if (!card.place) return;
  const [file, first, last] = card.place;
  const source = [...document.querySelectorAll(".source")].find((each) => each.dataset.file === file);
  if (!source) return;
  const lines = source.querySelectorAll("li");
  for (let number = first; number <= last; number += 1) lines[number - 1].classList.add("lit");
  lines[first - 1].scrollIntoView({ block: "nearest" });
}

function pin(id) {
  pinned = id;
  describe(id);
}

for (const node of nodes) {
  node.setAttribute("tabindex", "0");
  node.addEventListener("pointerenter", () => { if (pinned === null && !drag) describe(node.dataset.id); });
  node.addEventListener("pointerleave", () => { if (pinned === null && !drag) describe(null); });
  node.addEventListener("focus", () => { if (!drag) describe(node.dataset.id); });
}
for (const source of document.querySelectorAll(".source")) {
  source.querySelectorAll("li").forEach((line, index) => {
    line.addEventListener("click", () => {
      const inside = Object.entries(cards).filter(([, card]) => card.place && card.place[0] === source.dataset.file
        && card.place[1] <= index + 1 && index + 1 <= card.place[2]);
      if (inside.length) pin(inside[inside.length - 1][0]);
    });
  });
}
document.getElementById("fit").addEventListener("click", fit);
document.getElementById("closer").addEventListener("click", () => {
  const box = stage.getBoundingClientRect();
  zoom(0.8, box.left + box.width / 2, box.top + box.height / 2);
});
document.getElementById("further").addEventListener("click", () => {
  const box = stage.getBoundingClientRect();
  zoom(1.25, box.left + box.width / 2, box.top + box.height / 2);
});
document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") pin(null);
  if (event.key === "0") fit();
});
const asked = decodeURIComponent(location.hash.slice(1));
describe(null);
if (cards[asked]) pin(asked);
