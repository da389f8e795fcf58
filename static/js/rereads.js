/* What a person does goes before what a page does by itself. */
(function () {
  "use strict";
  const body = document.body;

  /* What a person asks of a list goes before its re-read. The one under way is given up, one that comes in between
     waits: otherwise the answer to the person would arrive for rows that are no longer there, and be lost. */
  const again = () => setTimeout(() => body.dispatchEvent(new CustomEvent("live:resync")), 100);
  const isHint = (type) => type?.startsWith("live:");
  let asked = null, underWay = null, waits = "";
  body.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, target, xhr, requestConfig } = event.detail;
    if (target?.id !== "results") return;
    if (elt !== target) {
      const before = asked?.xhr;
      asked = { xhr, target }; // first, so that the end of the other one is not taken for this one's
      before?.abort();
      if (underWay) waits ||= "for old rows";
      window.htmx.trigger(target, "htmx:abort");
    } else if (asked) {
      // When new rows come fresh.js tells hints again, but nothing else.
      waits = isHint(requestConfig.triggeringEvent?.type) ? waits || "for old rows" : "for any rows";
      event.preventDefault();
    } else underWay = xhr;
  });
  body.addEventListener("htmx:afterRequest", ({ detail: { xhr } }) => {
    if (xhr === underWay) underWay = null;
    if (xhr !== asked?.xhr) return;
    if (waits === "for any rows" || (waits && asked.target.isConnected)) again();
    [asked, waits] = [null, ""];
  });

  /* A press that ends on something else than it began on is no click. So while a person presses, nothing is replaced
     under the finger: what comes meanwhile is asked for again when it is lifted. */
  const LONGEST = 2e3; // or the end was not heard
  const missed = new Set();
  let pressed = 0;
  function begin() {
    if (!pressed) pressed = setTimeout(end, LONGEST);
  }
  function end() {
    clearTimeout(pressed);
    pressed = 0;
    const all = [...missed];
    missed.clear();
    all.forEach(({ type, target, detail }) => (target.isConnected ? target : body).dispatchEvent(new CustomEvent(type, { detail })));
  }
  const endSoon = () => pressed && setTimeout(end, 50); // after the click that it makes
  addEventListener("pointerdown", begin, true);
  addEventListener("keydown", ({ key }) => key === " " && begin(), true);
  ["pointerup", "pointercancel", "keyup"].forEach((name) => addEventListener(name, endSoon, true));
  body.addEventListener("htmx:beforeOnLoad", (event) => {
    const { elt, requestConfig: { triggeringEvent: why } } = event.detail;
    const isPoll = !why && elt.matches("[hx-trigger*='every ']"); // comes again by itself
    if (!pressed || !(isPoll || isHint(why?.type) || /^(told|reread)$/.test(why?.type))) return;
    event.preventDefault();
    if (why) missed.add(why);
  });
})();
