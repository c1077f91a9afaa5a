// Shows the result while one types. Without this file the form works by itself.
"use strict";
const form = document.getElementById("maker");
const at = (id) => document.getElementById(id);
let timer, asked;
const chosen = () => at("symbology").selectedOptions[0];

function showHint() {
  at("data-hint").textContent = chosen().label + ": " + chosen().dataset.hint;
}

function address() {
  const fields = new FormData(form);
  const name = fields.get("symbology");
  fields.delete("symbology");
  if (!("levels" in chosen().dataset)) fields.delete("level");
  if ("linear" in chosen().dataset) fields.delete("type");
  if (!fields.get("scale")) fields.delete("scale");
  return ["/api/v1/" + name, new URLSearchParams(fields)];
}

function showFaults(faults) {
  for (const id of ["data", "fg", "bg", "scale"]) {
    const own = faults.filter((f) => f.field === id).map((f) => f.detail);
    at(id + "-error").textContent = own.join("; ");
    at(id).toggleAttribute("aria-invalid", false);
    if (own.length) at(id).setAttribute("aria-invalid", "true");
  }
  at("summary").replaceChildren();
}

function showResult(base, query) {
  const image = base + ".svg?" + query;
  at("image").src = image;
  query.set("download", "1");
  at("png").href = base + ".png?" + query;
  at("svg").href = base + ".svg?" + query;
}

function showWhether(there) {
  at("image").hidden = at("downloads").hidden = !there;
  at("empty").hidden = there;
}

async function update() {
  asked?.abort();
  asked = new AbortController();
  const [base, query] = address();
  if (!query.get("data")) {
    showFaults([]);
    showWhether(false);
    return;
  }
  try {
    const answer = await fetch(base + ".svg?" + query, { signal: asked.signal });
    if (answer.ok) {
      showFaults([]);
      showResult(base, query);
    } else {
      const problem = await answer.json();
      showFaults(problem.errors ?? [{ field: "data", detail: problem.detail }]);
    }
    showWhether(answer.ok);
  } catch (error) {
    if (error.name !== "AbortError") showFaults([{ field: "data", detail: "no answer; try again" }]);
  }
}

// A browser that goes back restores the choice without an event.
window.addEventListener("pageshow", showHint);

form.addEventListener("input", () => {
  showHint();
  clearTimeout(timer);
  timer = setTimeout(update, 150);
});
