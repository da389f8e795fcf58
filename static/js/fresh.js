/* What follows a hint (live.js): rows that it told of light up when they are read again. And a region that waits to
   read itself is forgotten when an older answer replaces it meanwhile; then the new one is told again.
   What stands beside a list keeps a pace: <… id="x" data-live="orders jobs" data-pace="2000" hx-trigger="told">. */
(function () {
  "use strict";
  const RECENT = 5e3, FRESH = 1e3;
  const body = document.body;
  const recent = new Map(); // "topic id" → when it was told
  const last = new Map(); // topic → the last hint, and when it was told
  const sent = new WeakMap(); // request → when it left

  body.addEventListener("live", ({ detail: { topic, ids, at } }) => {
    const now = performance.now();
    last.set(topic, { when: now, detail: { ids, at } });
    recent.forEach((when, key) => now - when > RECENT && recent.delete(key));
    if (ids !== "many") ids.forEach((id) => recent.set(`${topic} ${id}`, now));
  });

  /* Soon after the first hint, then once in its pace. htmx's "delay" begins anew with every hint: while they pour in
     it would never end. */
  const SOON = 300;
  const due = new Map(); // id → the latest hint that it waits to ask for
  const free = new Map(); // id → when it may ask again
  body.addEventListener("live", ({ detail }) => {
    document.querySelectorAll("[data-pace]").forEach(({ id, dataset: { live, pace } }) => {
      if (!live.split(" ").includes(detail.topic)) return;
      if (!due.has(id)) setTimeout(ask, Math.max(SOON, (free.get(id) || 0) - performance.now()), id, Number(pace));
      due.set(id, due.has(id) ? later(due.get(id), detail) : detail);
    });
  });
  /* By "hub:moment" of core/live/hub.py. Two topics are told in their own order; of two hubs nobody knows which is later. */
  function later(...hints) {
    const [[hub, moment], [other, next]] = hints.map(({ at }) => (at || "").split(":"));
    if (hub !== other) return {};
    return Number(next) > Number(moment) ? hints[1] : hints[0];
  }
  function ask(id, pace) {
    free.set(id, performance.now() + pace * (1 + Math.random() / 2)); // not all pages at once
    document.getElementById(id)?.dispatchEvent(new CustomEvent("told", { detail: due.get(id) }));
    due.delete(id);
  }

  const LIVE = "[hx-trigger*='live:']";
  const known = new WeakSet(document.querySelectorAll(LIVE)); // those that stay keep their timers
  const topicsOf = (region) => [...region.getAttribute("hx-trigger").matchAll(/live:([\w.:-]+)/g)].map((match) => match[1]);
  function tellAgain(target, began) {
    const regions = [target, ...target.querySelectorAll(LIVE)].filter((one) => one.matches(LIVE) && !known.has(one) && known.add(one));
    new Set(regions.flatMap(topicsOf)).forEach((topic) => {
      const hint = last.get(topic);
      if (hint?.when > began) body.dispatchEvent(new CustomEvent(`live:${topic}`, { detail: hint.detail }));
    });
  }

  body.addEventListener("htmx:beforeRequest", ({ detail }) => sent.set(detail.xhr, performance.now()));
  body.addEventListener("htmx:afterSettle", ({ target, detail }) => {
    if (sent.has(detail.xhr)) tellAgain(target, sent.get(detail.xhr));
    const topic = detail.requestConfig?.triggeringEvent?.type?.match(/^live:(.+)/)?.[1];
    const rows = [...target.querySelectorAll("[data-pk]")].filter((row) => performance.now() - recent.get(`${topic} ${row.dataset.pk}`) < RECENT);
    rows.forEach((row) => (row.classList.add("fresh"), setTimeout(() => row.classList.remove("fresh"), FRESH)));
  });
})();
