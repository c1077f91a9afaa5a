// Shows the result while one types. Without this file the page works by itself.
"use strict";
const at = (id) => document.getElementById(id);
const maker = () => at("maker");
// Fields are complained of once people are done with them.
const touched = new Set();
let timer, asked, opening, saidReady, resultShown;
let pressed = false, held = false;

const post = (path, signal) => fetch(path, { method: "POST", body: content(), signal });

function content() {
  const data = new FormData(maker());
  const files = [...data.values()].some((value) => value instanceof File && value.size);
  if (files || data.has("logokept")) return data;
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  return new URLSearchParams(data);
}

function showHint() {
  const chosen = at("f-symbology");
  const hint = at("symbology-hint") ?? at("f-data-hint");
  if (chosen && hint && chosen.selectedOptions) hint.textContent = chosen.selectedOptions[0].dataset.hint;
}

function say(name) {
  at("status").textContent = at("status").dataset[name] ?? "";
}

function showFaults(faults) {
  for (const error of maker().querySelectorAll(".error")) {
    const field = at(error.id.replace(/-error$/, ""));
    const own = faults.filter((f) => "f-" + f.field === field.id).map((f) => f.detail);
    error.textContent = own.join("; ");
    if (own.length) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    if (own.length) field.closest("details")?.setAttribute("open", "");
  }
}

function showSummary(faults) {
  at("summary").hidden = faults.length === 0;
  at("summary").querySelector("ul").replaceChildren(...faults.map((f) => {
    const link = Object.assign(document.createElement("a"), { href: "#f-" + f.field, textContent: f.title });
    const line = document.createElement("li");
    line.append(link, " " + f.detail);
    return line;
  }));
}

function showActions() {
  for (const button of document.querySelectorAll("[data-action]")) {
    const image = button.dataset.action === "copy-image";
    button.hidden = image ? !window.ClipboardItem || !navigator.clipboard?.write : button.dataset.action === "copy-link" && !navigator.clipboard;
  }
}

// Until something was made, an empty form keeps its place for the picture. The
// same result is left alone: people may be about to press one of its buttons.
function showResult(html) {
  if (html && html !== resultShown) at("result").innerHTML = resultShown = html;
  at("result").classList.toggle("stale", !html);
  showActions();
}

// While it is busy, what is shown is of what was entered before.
function busy(is) {
  at("result").setAttribute("aria-busy", String(is));
}

// forget drops the result that is being asked for.
function forget() {
  clearTimeout(timer);
  timer = undefined;
  asked?.abort();
}

// update asks for the result; with all set, unfinished fields are faults too.
async function update(all) {
  forget();
  const mine = asked = new AbortController();
  busy(true);
  try {
    const answer = await post("/preview", mine.signal);
    const { result, faults, detail } = await answer.json();
    if (!answer.ok) throw new Error(detail);
    // Once the list is there it says what is left to do.
    const complete = all || !at("summary").hidden;
    const due = complete ? faults : faults.filter((f) => touched.has(f.field));
    showFaults(due);
    if (complete) showSummary(faults);
    showResult(result);
    if (result ? !saidReady : all || due.length) say(result ? "ready" : "faults");
    if (!result && !due.length) say("");
    saidReady = Boolean(result);
    return faults.length === 0;
  } catch (error) {
    if (error.name !== "AbortError") say("unreachable");
    saidReady = false;
    return undefined;
  } finally {
    if (mine === asked && !timer && !held) busy(false);
  }
}

// follow shows what a field that was left comes to. Pressing a button leaves the
// field before: messages must not move the button away under the pointer.
function follow() {
  held = pressed;
  if (!held) return void update(false);
  forget();
  busy(true);
}

function release() {
  pressed = false;
  if (held) timer = setTimeout(update, 0, false);
  held = false;
}

async function submit() {
  const made = await update(true);
  if (made === false) at("summary").focus();
  if (made) at("result-title").focus();
}

// fetchForm returns another form; of several in a row only the last one is
// answered. A server that is busy answers without one.
async function fetchForm(address) {
  opening?.abort();
  opening = new AbortController();
  const answer = await fetch(address, { signal: opening.signal });
  const form = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
  if (!form) throw new Error("the answer has no form");
  return form;
}

// open shows another form without losing what both have in common.
async function open(address, clicked) {
  const form = await fetchForm(address);
  // What was asked for is of the form that goes.
  forget();
  if (clicked) history.pushState(null, "", address);
  const entered = new FormData(maker());
  at("main").replaceWith(form);
  document.title = form.dataset.title;
  touched.clear();
  saidReady = false;
  resultShown = undefined;
  for (const [name, value] of entered) {
    const field = maker().elements[name];
    const kept = field && !(value instanceof File) && !["hidden", "file", "checkbox"].includes(field.type);
    if (kept && (field.tagName !== "SELECT" || [...field.options].some((o) => o.value === value))) field.value = value;
  }
  prepare();
  if (clicked) document.querySelector(`.kinds a[aria-current]`).focus();
  if (hasContent()) update(false);
}

function notOpened(error) {
  if (error.name !== "AbortError") say("unreachable");
}

const hasContent = () => [...maker().querySelectorAll(".fields input:not([type=checkbox]), .fields textarea")].some((field) => field.value);

function prepare() {
  showHint();
  showActions();
  const zone = at("f-timezone");
  if (zone && !zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const actions = {
  async "copy-image"() {
    // The promise is passed on, as Safari wants the write within the click.
    const png = post("/download/png").then((answer) => answer.blob());
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
    say("copied");
  },
  async "copy-link"() {
    await navigator.clipboard.writeText(at("link").href);
    say("copied");
  },
  print: () => window.print(),
};

document.addEventListener("click", (event) => {
  const action = event.target.closest("[data-action]")?.dataset.action;
  if (action) Promise.resolve(actions[action]()).catch(() => say("refused"));
  const kind = event.target.closest(".kinds a");
  if (!kind || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(kind.href, true).catch(notOpened);
});
window.addEventListener("popstate", () => {
  if (!location.hash) open(location.href, false).catch(notOpened);
});

document.addEventListener("input", (event) => {
  if (!maker().contains(event.target)) return;
  showHint();
  clearTimeout(timer);
  timer = hasContent() ? setTimeout(update, 150, false) : undefined;
  busy(Boolean(timer));
});
document.addEventListener("change", (event) => {
  if (event.target.value) touched.add(event.target.name);
  if (maker().contains(event.target) && hasContent()) follow();
});
document.addEventListener("pointerdown", (event) => { pressed = event.button === 0 && Boolean(event.target.closest("button, a")); });
for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, release);
document.addEventListener("submit", (event) => {
  if (event.target.id !== "maker" || event.submitter?.hasAttribute("data-download")) return;
  event.preventDefault();
  submit();
});
// A browser that goes back restores what was entered without an event.
window.addEventListener("pageshow", prepare);

const showConnection = () => { at("offline").textContent = navigator.onLine ? "" : at("offline").dataset.text; };
window.addEventListener("offline", showConnection);
window.addEventListener("online", () => { showConnection(); if (hasContent()) update(false); });
showConnection();
navigator.serviceWorker?.register("/sw.js").catch(() => {});
