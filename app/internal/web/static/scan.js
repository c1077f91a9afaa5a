// Reads pictures and the camera in the browser: by BarcodeDetector where there
// is one, else by ZXing, which is loaded when it is first needed. Without this
// file the form sends its picture to the server.
const at = (id) => document.getElementById(id);
const form = at("scanner");
const titles = JSON.parse(form.dataset.titles);
// Larger pictures take longer and read no better.
const most = 2000;
const canvas = document.createElement("canvas");
const context = canvas.getContext("2d", { willReadFrequently: true });

const say = (name) => { at("status").textContent = at("status").dataset[name]; };
const titleOf = (format) => titles[format.toLowerCase().replace(/[^a-z0-9]/g, "")] ?? format;

let detecting;
async function detector() {
  if (!("BarcodeDetector" in window)) return null;
  const formats = await BarcodeDetector.getSupportedFormats();
  return formats.includes("qr_code") ? new BarcodeDetector({ formats }) : null;
}

let loading;
async function zxing() {
  const base = form.dataset.reader;
  const reader = await import(base + "reader/index.js");
  reader.prepareZXingModule({ overrides: { locateFile: (name) => base + "reader/" + name } });
  return reader;
}

async function byZXing() {
  loading ??= zxing();
  const reader = await loading;
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const found = await reader.readBarcodes(pixels, { maxNumberOfSymbols: 40 });
  return found.filter((f) => f.isValid).map((f) => ({ title: titleOf(f.format), text: f.text }));
}

// draw puts a picture or the camera's frame on the canvas.
function draw(source, width, height) {
  const scale = Math.min(1, most / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
}

// read reads the canvas. Not every BarcodeDetector knows every symbology.
async function read() {
  detecting ??= detector();
  const own = await detecting;
  const found = own ? await own.detect(canvas).catch(() => []) : [];
  if (found.length) return found.map((f) => ({ title: titleOf(f.format), text: f.rawValue }));
  return byZXing();
}

function linkOf(text) {
  if (!/^https?:\/\/[^\s\p{C}]+$/iu.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  return url.username || url.password ? null : url;
}

// wifiOf takes a WiFi code apart; a backslash keeps the next character.
function wifiOf(text) {
  if (!text.startsWith("WIFI:")) return [];
  const parts = text.slice(5).match(/(?:\\.|[^;\\])+/gs) ?? [];
  const names = { S: "network", P: "password", T: "security" };
  return parts.map((part) => [names[part.slice(0, part.indexOf(":"))], part.slice(part.indexOf(":") + 1).replace(/\\(.)/gs, "$1")])
    .filter(([name, value]) => name && value);
}

function item({ title, text }) {
  const one = at("symbol").content.cloneNode(true);
  one.querySelector("h3").textContent = title;
  one.querySelector(".content").textContent = text;
  const list = one.querySelector("dl");
  for (const [name, value] of wifiOf(text)) {
    const term = document.createElement("dt");
    const detail = document.createElement("dd");
    term.textContent = list.dataset[name];
    detail.textContent = value;
    list.append(term, detail);
    list.hidden = false;
  }
  const link = linkOf(text);
  if (link) {
    one.querySelector(".link").hidden = false;
    one.querySelector(".link a").href = link.href;
    one.querySelector(".host").textContent = link.host;
  }
  return one;
}

function show(found) {
  at("symbols").replaceChildren(...found.map(item));
  if (!found.length) return say("none");
  at("status").textContent = at("status").dataset.found + " " + found.map((f) => f.title).join(", ");
}

function fault(text) {
  at("summary").hidden = !text;
  at("fault").textContent = text ?? "";
}

async function readFile(file) {
  stop();
  fault();
  at("symbols").replaceChildren();
  say("reading");
  let picture;
  try {
    picture = await createImageBitmap(file);
  } catch {
    at("status").textContent = "";
    return fault(at("status").dataset.unreadable);
  }
  draw(picture, picture.width, picture.height);
  picture.close();
  try {
    show(await read());
  } catch {
    // Browsers that cannot run the reader leave it to the server.
    if (at("image").files.length) form.submit();
    else say("none");
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (at("image").files.length) readFile(at("image").files[0]);
});
at("image").addEventListener("change", () => { if (at("image").files.length) readFile(at("image").files[0]); });

const pictureIn = (data) => [...(data?.files ?? [])].find((file) => file.type.startsWith("image/"));

document.addEventListener("paste", (event) => {
  const file = pictureIn(event.clipboardData);
  if (file) { event.preventDefault(); readFile(file); }
});
document.addEventListener("dragover", (event) => { event.preventDefault(); at("drop").classList.add("over"); });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) at("drop").classList.remove("over"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  at("drop").classList.remove("over");
  const file = pictureIn(event.dataTransfer);
  if (file) readFile(file);
});

at("symbols").addEventListener("click", async (event) => {
  const button = event.target.closest(".copy");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.closest(".symbol").querySelector(".content").textContent);
    say("copied");
  } catch {
    say("uncopied");
  }
});

// The camera.

let stream, timer;

function stop() {
  clearTimeout(timer);
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = undefined;
  at("video").srcObject = null;
  at("viewer").hidden = true;
  at("camera").hidden = !navigator.mediaDevices?.getUserMedia;
}

async function look() {
  const current = stream;
  if (!current) return;
  const video = at("video");
  if (video.videoWidth) {
    draw(video, video.videoWidth, video.videoHeight);
    const found = await read();
    if (stream !== current) return;
    if (found.length) {
      stop();
      navigator.vibrate?.(60);
      show(found);
      return at("result-title").focus();
    }
  }
  timer = setTimeout(watch, 120);
}

const watch = () => look().catch(() => { stop(); say("none"); });

async function start() {
  fault();
  at("symbols").replaceChildren();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1280 } } });
  } catch {
    return say("refused");
  }
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", stop);
  at("torch").hidden = !track.getCapabilities?.().torch;
  at("torch").setAttribute("aria-pressed", "false");
  at("video").srcObject = stream;
  at("viewer").hidden = false;
  at("camera").hidden = true;
  say("camera");
  at("stop").focus();
  await at("video").play().catch(() => {});
  watch();
}

at("camera").addEventListener("click", start);
at("stop").addEventListener("click", () => { stop(); at("status").textContent = ""; at("camera").focus(); });
at("torch").addEventListener("click", async () => {
  const on = at("torch").getAttribute("aria-pressed") !== "true";
  const [track] = stream?.getVideoTracks() ?? [];
  try {
    await track.applyConstraints({ advanced: [{ torch: on }] });
    at("torch").setAttribute("aria-pressed", String(on));
  } catch {
    at("torch").hidden = true;
  }
});
document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); });
window.addEventListener("pagehide", stop);
stop();
