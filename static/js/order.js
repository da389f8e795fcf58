/* The page of an order: re-read when this very order changed, and nothing that was typed is lost.
   data-press="j" is clicked, or focused where one types, by that key; data-draft keeps what is typed in this tab;
   data-quick-send sends a form by Ctrl+Enter; data-print prints; data-seen says that news were read. */
(function () {
  "use strict";
  const { find, isTyping, isDialogOpen } = window.magflow;
  const body = document.body;

  /* --- Live: hints name the orders that changed; most are others. --- */
  const page = find("[data-order]");
  const pk = Number(page?.dataset.order);
  let wanted = 0, asked = 0; // told while an answer is on its way: the timer goes with what it replaces, see fresh.js
  const reread = () => find("#order") && ((wanted = performance.now()), window.htmx.trigger("#order", "reread"));
  body.addEventListener("htmx:beforeRequest", ({ detail }) => detail.target?.id === "order" && (asked = performance.now()));
  body.addEventListener("htmx:afterSettle", ({ target }) => target.id === "order" && wanted > asked && reread());
  body.addEventListener("live:orders", ({ detail }) => (detail.ids === "many" || detail.ids.includes(pk)) && reread());
  body.addEventListener("order:changed", reread);

  /* What was open or had the keyboard's focus in the part that is swapped stays so. */
  let kept = [], focused = "";
  const menus = () => [...document.querySelectorAll("#order details")];
  body.addEventListener("htmx:beforeSwap", ({ target }) => {
    if (target.id !== "order") return;
    kept = menus().map((menu) => menu.open);
    focused = target.contains(document.activeElement) ? document.activeElement.getAttribute("href") || document.activeElement.textContent : "";
  });
  body.addEventListener("htmx:afterSettle", ({ target }) => {
    if (target.id !== "order") return;
    menus().forEach((menu, place) => kept[place] && (menu.open = true));
    if (focused && document.activeElement === body) {
      [...target.querySelectorAll("a, button, summary")].find((one) => (one.getAttribute("href") || one.textContent) === focused)?.focus({ preventScroll: true });
    }
    [kept, focused] = [[], ""];
  });

  /* The timeline is swapped where it was scrolled to, and with as many events as were asked for before. */
  let scrolled = 0, isThere = false;
  const of = (name, work) => body.addEventListener(name, ({ detail }) => detail.target?.id === "order-timeline" && work(find("#order-timeline")));
  ["htmx:beforeSwap", "htmx:oobBeforeSwap"].forEach((name) => of(name, (timeline) => (scrolled = timeline.scrollTop)));
  ["htmx:afterSwap", "htmx:oobAfterSwap"].forEach((name) => of(name, (timeline) => {
    timeline.scrollTop = scrolled;
    if (!isThere && location.hash) location.replace(location.hash); // the note that a link leads to is here only now
    isThere = true;
    // Later, when #order is swapped, too: what the old one is told goes with it.
    if (Number(find("#timeline-count").value) > Number(timeline.dataset.count)) setTimeout(reread);
  }));

  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-print]")) print();
    const more = target.closest("[data-more]");
    if (more) find("#timeline-count").value = more.dataset.more;
    const seen = target.closest("[data-seen]");
    if (!seen) return;
    find("#opened").value = seen.dataset.seen;
    seen.closest(".banner").remove();
    reread();
  });

  /* --- Keys --- */
  document.addEventListener("keydown", (event) => {
    const control = event.ctrlKey || event.metaKey;
    if (control && event.key === "Enter") event.target.closest("form[data-quick-send]")?.requestSubmit();
    if (control || event.altKey || event.shiftKey || event.defaultPrevented || isTyping(event.target) || isDialogOpen()) return;
    const place = event.key.length === 1 && find(`[data-press="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!place) return;
    event.preventDefault();
    isTyping(place) ? place.focus() : place.click();
  });

  /* --- A picture that cannot be shown leaves the icon behind it. --- */
  const drop = (picture) => picture.remove();
  document.addEventListener("error", ({ target }) => target.matches?.("img[data-picture]") && drop(target), true);
  document.querySelectorAll("img[data-picture]").forEach((picture) => picture.complete && !picture.naturalWidth && drop(picture));

  /* --- Drafts: what is typed stays in this tab until it is sent. --- */
  const grow = (field) => {
    field.rows = Math.min(12, Math.max(2, field.value.split("\n").length));
  };
  const restore = () => document.querySelectorAll("textarea[data-draft]").forEach((field) => {
    field.value ||= sessionStorage.getItem(field.dataset.draft) || "";
    grow(field);
  });
  document.addEventListener("input", ({ target }) => {
    if (!target.matches("textarea[data-draft]")) return;
    sessionStorage.setItem(target.dataset.draft, target.value);
    grow(target);
  });
  body.addEventListener("note:written", () => sessionStorage.removeItem(find("textarea[data-draft]")?.dataset.draft));
  restore();
})();
