// Shows how far the archive is and what is wrong with which row. Without this
// file the form works by itself.
"use strict";
const form = document.getElementById("batch");
const at = (id) => document.getElementById(id);
const texts = at("state").dataset;
let kept;

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function say(text) {
  at("state").textContent = text;
}

// fileStarts counts the marks before each file of a ZIP archive that end in
// this piece; `tail` is the end of what came before.
function fileStarts(tail, piece) {
  const bytes = new Uint8Array(tail.length + piece.length);
  bytes.set(tail);
  bytes.set(piece, tail.length);
  let count = 0;
  for (let i = 0; i + 3 < bytes.length; i++) {
    if (bytes[i] === 0x50 && bytes[i + 1] === 0x4b && bytes[i + 2] === 3 && bytes[i + 3] === 4) count++;
  }
  return [count, bytes.slice(-3)];
}

async function receive(answer) {
  const sheet = at("sheet").value !== "";
  const rows = Number(answer.headers.get("Batch-Rows"));
  const reader = answer.body.getReader();
  const pieces = [];
  let tail = new Uint8Array(0), made = 0;
  at("progress").max = rows;
  at("progress").hidden = false;
  if (sheet) at("progress").removeAttribute("value");
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    const [count, end] = fileStarts(tail, value);
    tail = end;
    made += count;
    if (sheet) continue;
    at("progress").value = Math.min(made, rows);
    say(fill(texts.soFar, { made: Math.min(made, rows), rows }));
  }
  return [new Blob(pieces, { type: answer.headers.get("Content-Type") }), rows];
}

// report returns the text of the archive's last file, which is stored as it is.
async function report(blob) {
  const bytes = new DataView(await blob.slice(-22).arrayBuffer());
  const directory = new DataView(await blob.slice(bytes.getUint32(16, true), -22).arrayBuffer());
  let at = 0, size = 0, offset = 0;
  for (let i = 0; i < bytes.getUint16(10, true); i++) {
    size = directory.getUint32(at + 20, true);
    offset = directory.getUint32(at + 42, true);
    at += 46 + directory.getUint16(at + 28, true) + directory.getUint16(at + 30, true) + directory.getUint16(at + 32, true);
  }
  const head = new DataView(await blob.slice(offset, offset + 30).arrayBuffer());
  const start = offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  return blob.slice(start, start + size).text();
}

// parseCSV reads what our own report is written in.
function parseCSV(text) {
  const rows = [];
  let row = [], cell = "", quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ",") { row.push(cell); cell = ""; }
    else if (c === "\n") { rows.push([...row, cell]); row = []; cell = ""; }
    else cell += c;
  }
  return rows;
}

function element(name, ...children) {
  const e = document.createElement(name);
  e.append(...children);
  return e;
}

function showBadRows(bad) {
  if (!bad.length) return;
  const most = 100;
  const body = element("tbody", ...bad.slice(0, most).map((r) => element("tr", element("td", r[0]), element("td", r[3]))));
  const table = element("table", element("caption", texts.caption + (bad.length > most ? ", " + fill(texts.first, { most }) : "")), element("thead", element("tr", element("th", texts.row), element("th", texts.wrong))), body);
  at("bad-rows").replaceChildren(table);
}

async function show(answer) {
  const [blob, rows] = await receive(answer);
  const pdf = blob.type === "application/pdf";
  const bad = pdf ? [] : parseCSV(await report(blob)).slice(1).filter((r) => r[2] !== "made");
  at("progress").value = rows;
  say(fill(texts.made, { made: rows - bad.length, rows }) + (bad.length ? " " + fill(texts.left, { left: bad.length }) : ""));
  showBadRows(bad);
  if (kept) URL.revokeObjectURL(kept);
  kept = URL.createObjectURL(blob);
  at("save").href = kept;
  at("save").download = pdf ? "labels.pdf" : "codes.zip";
  at("save").hidden = false;
  at("save").focus();
}

function showFaults(faults) {
  const list = element("ul", ...faults.map((f) => element("li", f.field + " " + f.detail)));
  at("summary").replaceChildren(element("h2", texts.mend), list);
  say(texts.nothing);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  at("summary").replaceChildren();
  at("bad-rows").replaceChildren();
  at("save").hidden = at("progress").hidden = true;
  say(texts.sending);
  try {
    const answer = await fetch("/api/v1/batch", { method: "POST", body: new FormData(form) });
    if (answer.ok) await show(answer);
    else {
      const problem = await answer.json();
      showFaults(problem.errors ?? [{ field: "file", detail: problem.detail }]);
    }
  } catch {
    showFaults([{ field: "file", detail: texts.unanswered }]);
  } finally {
    button.disabled = false;
  }
});
