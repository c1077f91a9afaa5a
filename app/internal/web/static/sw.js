// Keeps the page's shell for when there is no connection. What people enter is
// never kept: only the empty page and its files are.
"use strict";
const files = [];
const cacheName = "shell " + files.join(" ");

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(["/", ...files])));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((name) => name !== cacheName).map((name) => caches.delete(name)))));
});

async function page(request) {
  try {
    const answer = await fetch(request);
    // Only the plain page is kept, in the language of the last visit.
    if (answer.ok && request.url === self.registration.scope) {
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
