/* Live hints. One socket per tab follows what the page shows: data-live="orders", or hx-trigger="live:orders from:body".
   A hint becomes the event live:orders on <body>, detail.ids = [1, 2] or "many"; live:resync: some may be missing, read all.
   #live-state[data-state=live|connecting|offline] says how it stands; [data-live-banner] is there while offline. */
(function () {
  "use strict";
  const REREAD = 30e3, SILENCE = 50e3, GRACE = 4e3, LONGEST_WAIT = 30e3, NEW_REGION = 5e3, SPREAD = 1.5e3;
  const mark = document.getElementById("live-state");
  if (!mark) return; // nobody is signed in
  let socket = null, followed = null, heard = 0, tries = 0, everLive = false, retry, doubt;
  const held = new Map(); // topic → hint, for when the tab is looked at again

  function show(state) {
    clearTimeout(doubt);
    if (state === "connecting") doubt = setTimeout(show, GRACE, "offline");
    mark.dataset.state = state;
    document.querySelectorAll("[data-live-banner]").forEach((banner) => (banner.hidden = state !== "offline"));
  }
  const merged = (...all) => (all.includes("many") ? "many" : [...new Set(all.flat())]);
  const waver = () => mark.dataset.state === "live" && show("connecting"); // offline when that lasts

  function tell({ topic, ids, at }) {
    if (document.hidden) return held.set(topic, { topic, ids: merged(held.get(topic)?.ids || [], ids), at });
    document.body.dispatchEvent(new CustomEvent("live", { detail: { topic, ids, at } })); // see fresh.js
    document.body.dispatchEvent(new CustomEvent(`live:${topic}`, { detail: { ids, at } }));
  }
  const resync = () => tell({ topic: "resync", ids: "many" });
  const catchUp = () => setTimeout(resync, Math.random() * SPREAD); // not all pages at once
  function topics() {
    const found = [...document.querySelectorAll("[data-live], [hx-trigger*='live:']")].flatMap((element) => [
      (element.dataset.live || "").split(/[\s,]+/),
      [...(element.getAttribute("hx-trigger") || "").matchAll(/live:([\w.:-]+)/g)].map((match) => match[1]),
    ]);
    return merged(...found).filter((topic) => topic && topic !== "resync").sort();
  }

  /* What changed while the page was on its way is told at once; hence the age of what is shown. */
  function follow(age) {
    const names = topics(), page = (location.pathname + location.search).slice(0, 500), wanted = [page, ...names].join();
    if (socket?.readyState !== WebSocket.OPEN || wanted === followed) return;
    followed = wanted;
    socket.send(JSON.stringify({ topics: names, page, age: Math.round(age) }));
  }

  const answers = {
    following({ live }) {
      tries = 0;
      if (!live) return waver();
      if (everLive && mark.dataset.state !== "live") catchUp();
      show("live"), (everLive = true);
    },
    refused: ({ topic, reason }) => console.warn(`live: ${topic} refused, ${reason}`),
    pause: waver,
    resync: () => (show("live"), (everLive = true), catchUp()),
  };

  function connect() {
    clearTimeout(retry);
    if (socket) return;
    const mine = (socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/live/`));
    [followed, heard] = [null, Date.now()];
    mine.onopen = () => follow(everLive ? 0 : performance.now()); // who comes back reads all anyway
    mine.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      heard = Date.now();
      if (message.type) answers[message.type]?.(message);
      else tell(message);
    };
    mine.onclose = ({ code }) => mine === socket && lost(code); // not when another took its place
  }

  function lost(code) {
    const isSignedOut = code === 4401; // whatever is read next leads to the sign-in
    socket = null;
    isSignedOut ? (show("offline"), resync()) : waver();
    retry = setTimeout(connect, isSignedOut ? REREAD : Math.min(LONGEST_WAIT, 500 * 2 ** tries++) * (0.5 + Math.random()));
  }

  function back() {
    if (document.hidden) return;
    held.forEach((hint, topic) => held.delete(topic) && tell(hint));
    connect();
  }
  ["visibilitychange", "online", "pageshow"].forEach((name) => addEventListener(name, back));
  addEventListener("pagehide", () => (socket?.close(), (socket = null), waver())); // else "back" could not show this page as it was
  setInterval(() => mark.dataset.state === "offline" && resync(), REREAD);
  setInterval(() => { // a cut line says nothing: the beat of the server, every 20 s, is missing
    if (socket && Date.now() - heard > SILENCE) socket.close(), lost();
  }, 5e3);

  /* Which hint makes us ask: see core/shared.py. */
  document.addEventListener("htmx:configRequest", ({ detail }) => detail.triggeringEvent?.detail?.at && (detail.headers["X-Told"] = detail.triggeringEvent.detail.at));
  document.addEventListener("htmx:afterSettle", () => follow(NEW_REGION));
  show("connecting"), connect();
})();
