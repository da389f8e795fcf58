/* A look at a row beside its list: "p" or the button opens it, arrows go on, Esc closes. It shows what
   the address of #peek answers for the row, and reads that again when the row changes. */
(function () {
  "use strict";
  const { find, isTyping, isDialogOpen } = window.magflow;
  const peek = find("#peek");
  if (!peek) return;
  const inside = find(".peek-inside", peek), button = find("[data-peek]");
  const rows = () => [...document.querySelectorAll("table[data-page] tbody > tr[data-pk]")];
  const rowAt = (element) => element?.closest?.("table[data-page] tbody > tr[data-pk]");
  const rowOf = (pk) => rows().find((row) => row.dataset.pk === pk);
  let shown = null, wait = 0;

  function mark() {
    rows().forEach((row) => row.classList.toggle("peeked", row.dataset.pk === shown));
    button?.setAttribute("aria-pressed", String(!peek.hidden));
    document.body.classList.toggle("peeking", !peek.hidden);
  }

  function read() {
    const url = peek.dataset.before + shown + peek.dataset.after;
    const read = window.htmx.ajax("GET", url, { source: inside, target: inside, swap: "innerHTML" });
    read.catch(() => {});  // overtaken by the next row
  }

  function show(row) {
    if (!row || row.dataset.pk === shown) return;
    shown = row.dataset.pk;
    peek.hidden = false;
    mark();
    clearTimeout(wait);
    wait = setTimeout(read, 60);  // who holds the arrow key down reads only where it stops
    row.scrollIntoView({ block: "nearest" });
  }

  function open(row = rowAt(document.activeElement) || find('table[data-page] tr[tabindex="0"]') || rows()[0]) {
    show(row);
    row?.focus({ preventScroll: true });
  }

  function close() {
    const row = rowOf(shown);
    clearTimeout(wait);
    peek.hidden = true;
    shown = null;
    mark();
    (row || button || find("#main")).focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-peek]")) peek.hidden ? open() : close();
    else if (event.target.closest("#peek [data-close-peek]")) close();
  });
  document.addEventListener("focusin", (event) => {
    if (!peek.hidden && event.target === rowAt(event.target)) show(event.target);
  });

  /* Before the keys of the table: with the panel open, Esc closes it and nothing else. */
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isDialogOpen() || isTyping(event.target)) return;
    const isInside = peek.contains(event.target);
    if (event.key === "p" && !isInside) peek.hidden ? open() : close();
    else if (event.key === "Escape" && !peek.hidden) close();
    else if (event.key === "ArrowRight" && rowAt(event.target) === event.target) peek.hidden ? open(event.target) : peek.focus();
    else if (event.key === "ArrowLeft" && isInside) rowOf(shown)?.focus();
    else if (/^Arrow(Up|Down)$/.test(event.key) && event.target === peek) {
      const list = rows(), step = event.key === "ArrowUp" ? -1 : 1;
      show(list[list.findIndex((row) => row.dataset.pk === shown) + step]);
    } else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  /* Live: the row may have changed, and a re-read of the list draws its rows anew. */
  document.body.addEventListener(`live:${peek.dataset.live}`, ({ detail }) => {
    if (shown && (detail.ids === "many" || detail.ids.map(String).includes(shown))) setTimeout(() => shown && read(), 200);
  });
  document.body.addEventListener("live:resync", () => shown && read());
  document.body.addEventListener("htmx:afterSettle", ({ detail }) => detail.target?.id === "results" && mark());
})();
