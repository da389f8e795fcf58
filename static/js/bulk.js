/* The selection of a list: kept by id while the list re-reads itself and pages turn. Texts come from
   #bulk; a person with no bulk action on the page has no #bulk, and then nothing here happens. */
(function () {
  "use strict";
  const { find, isTyping, isDialogOpen } = window.magflow;
  const bar = find("#bulk");
  if (!bar) return;
  const chosen = new Set();
  let all = false;     // everything that matches, also what no page has shown
  let anchor = null;   // where a range begins
  let filter = null;   // the selection belongs to this filter
  const boxes = () => [...document.querySelectorAll("#results input.row-check")];
  const results = () => find("#results");
  const words = (text, n) => text.replace("{n}", n.toLocaleString(document.documentElement.lang));
  /* The address without what leaves the set of rows as it is. */
  function filterOf(address) {
    const url = new URL(address, location.href);
    ["page", "sort", "view"].forEach((name) => url.searchParams.delete(name));
    url.searchParams.sort();
    return url.pathname + url.search;
  }

  function draw(says) {
    const list = boxes();
    list.forEach((box) => {
      box.checked = all || chosen.has(box.value);
      box.closest("tr").classList.toggle("selected", box.checked);
      box.closest("tr").setAttribute("aria-selected", String(box.checked));
    });
    const ticked = list.filter((box) => box.checked).length;
    const head = find("#results input.page-check");
    if (head) {
      head.checked = ticked > 0 && ticked === list.length;
      head.indeterminate = ticked > 0 && ticked < list.length;
    }
    const some = all || chosen.size > 0;
    const table = find("#results [data-select-all]");
    const text = all ? table?.dataset.allSelected || bar.dataset.all : words(bar.dataset.some, chosen.size);
    if (!some && bar.contains(document.activeElement)) (list.find((box) => box.value === anchor)?.closest("tr") || find("#main")).focus();
    bar.hidden = !some;
    find(".bulk-count", bar).textContent = text;
    const more = find(".bulk-all", bar);
    more.textContent = table?.dataset.selectAll || "";
    more.hidden = all || !more.textContent;
    if (says) find("#bulk-said").textContent = some ? text : bar.dataset.none;
  }

  function clear() {
    if (!all && !chosen.size) return;
    chosen.clear();
    all = false;
    draw(true);
    anchor = null;
  }

  function pick(list, on) {
    if (all) boxes().forEach((box) => chosen.add(box.value));  // all but some is what this page shows
    all = false;
    list.forEach((box) => (on ? chosen.add(box.value) : chosen.delete(box.value)));
    draw(true);
  }

  document.addEventListener("click", (event) => {
    const box = event.target;
    if (box.matches("#results input.page-check")) return pick(boxes(), box.checked);
    if (box.matches("#results input.row-check")) {
      const list = boxes(), from = list.findIndex((other) => other.value === anchor), to = list.indexOf(box);
      const range = event.shiftKey && from >= 0 ? list.slice(Math.min(from, to), Math.max(from, to) + 1) : [box];
      anchor = box.value;
      return pick(range, box.checked);
    }
    if (box.closest("#bulk .bulk-all")) all = true, draw(true);
    else if (box.closest("#bulk .bulk-clear")) clear();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || bar.hidden || isDialogOpen() || isTyping(event.target)) return;
    if (event.key === "Escape") clear();
    else if (event.key === ".") find("button:not([hidden]), summary", bar).focus();
    else return;
    event.preventDefault();
  });

  /* What is posted: the rows, for the list as it is filtered now. */
  document.body.addEventListener("htmx:configRequest", (event) => {
    if (!bar.contains(event.detail.elt)) return;
    event.detail.path = results().dataset.url;
    event.detail.parameters[all ? "_all" : "ids"] = all ? "1" : [...chosen].join(",");
  });
  document.body.addEventListener("bulk:done", clear);
  document.body.addEventListener("htmx:afterSettle", () => {
    if (!results()) return;
    const now = filterOf(results().dataset.url);
    if (filter !== now) clear();
    filter = now;
    draw(false);
  });
  filter = results() && filterOf(results().dataset.url);
  draw(false);
})();
