// Keeps the page's shell for when there is no connection. What people enter is
// never kept: only the empty page and its files are.
"use strict";
const files = [];
const cacheName = "shell " + files.join(" ");

// During a rollout a replica of another release may answer: with its own page, or
// with its own file under our address, which only then may not be kept for ever.
const isOwnPage = (text) => files.every((file) => text.includes(file));
const isOwnFile = (answer) => answer.ok && answer.headers.get("Cache-Control")?.includes("immutable");

async function download(path) {
  const answer = await fetch(path);
  const own = path === "/" ? answer.ok && isOwnPage(await answer.clone().text()) : isOwnFile(answer);
  if (!own) throw new Error(path + " is of another release");
  return [path, answer];
}

// install fails where a file is of another release: the next visit tries again.
async function install() {
  const shell = await Promise.all(["/", ...files].map(download));
  const cache = await caches.open(cacheName);
  await Promise.all(shell.map(([path, answer]) => cache.put(path, answer)));
}

self.addEventListener("install", (event) => {
  event.waitUntil(install());
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((name) => name !== cacheName).map((name) => caches.delete(name)))));
});

async function page(request) {
  try {
    const answer = await fetch(request);
    // Only the plain page is kept, in the language of the last visit.
    if (answer.ok && request.url === self.registration.scope && isOwnPage(await answer.clone().text())) {
      const cache = await caches.open(cacheName);
      await cache.put("/", answer.clone());
    }
    return answer;
  } catch (error) {
    const kept = await caches.match("/");
    if (kept) return kept;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && pathname === "/") event.respondWith(page(request));
  else if (files.includes(pathname)) event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
});
