{% load static %}/* Shows our own page when a page cannot be reached. It keeps nothing else: everything MagFlow shows is
   read from the server. Rendered by core.views.shell.service_worker, because it needs the addresses. */
"use strict";
const PAGE = "{% url 'core:offline' %}";
const KEPT = [PAGE, "{% static 'vendor/tabler/tabler.min.css' %}", "{% static 'css/magflow.css' %}", "{% static 'css/alone.css' %}", "{% static 'img/favicon.svg' %}"];
const CACHE = "offline-{{ version }}";

addEventListener("install", (event) => event.waitUntil((async () => {
  const cache = await caches.open(CACHE);
  await cache.addAll(KEPT);
  await self.skipWaiting();
})()));

addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  await self.registration.navigationPreload?.enable();  // so that this file never makes a page slower
})()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const isKept = KEPT.includes(new URL(request.url).pathname);
  if (request.method !== "GET" || (request.mode !== "navigate" && !isKept)) return;
  event.respondWith((async () => {
    try {
      return (await event.preloadResponse) || (await fetch(request));
    } catch {
      return (await caches.match(isKept ? request : PAGE)) || Response.error();
    }
  })());
});
