/* The menus of a list: read when they open; columns are arranged by buttons, Alt+arrows or dragging. */
(function () {
  "use strict";
  const { find } = window.magflow;

  /* "toggle" does not bubble, so it is caught on its way down. */
  document.addEventListener("toggle", (event) => {
    if (event.target.matches("details.menu[data-lazy]") && event.target.open) window.htmx.trigger(find("[hx-get]", event.target), "menu:open");
  }, true);
  document.body.addEventListener("live:views", () => {
    const open = find("#view-menu[open] [hx-get]");
    if (open) window.htmx.trigger(open, "menu:open");
  });
  document.body.addEventListener("columns:saved", () => {
    const results = find("#results");
    const read = window.htmx.ajax("GET", results.dataset.url, { source: results, target: results, swap: "outerHTML" });
    read.catch(() => {});  // overtaken by the next change
  });
  /* Refused: the menu shows again what is really kept. */
  document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
    const menu = detail.elt.closest("form.columns")?.closest("[hx-get]");
    if (menu && detail.xhr.status >= 400) window.htmx.trigger(menu, "menu:open");
  });

  function moved(line) {
    const list = line.parentElement, all = [...list.children];
    const says = { name: line.textContent.trim(), n: all.indexOf(line) + 1, total: all.length };
    find("[role=status]", list.parentElement).textContent = list.dataset.moved.replace(/\{(\w+)\}/g, (_all, word) => says[word]);
    window.htmx.trigger(list.closest("form"), "columns:moved");
  }

  function move(line, step, focus) {
    const other = step < 0 ? line.previousElementSibling : line.nextElementSibling;
    if (!other) return;
    step < 0 ? other.before(line) : other.after(line);
    focus.focus();
    moved(line);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("form.columns [data-move]");
    if (button) move(button.closest("li"), Number(button.dataset.move), button);
  });
  document.addEventListener("keydown", (event) => {
    const line = event.altKey && event.target.closest("form.columns li");
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!line || !step) return;
    event.preventDefault();
    event.stopPropagation();
    move(line, step, event.target);
  }, true);

  let dragged = null;
  document.addEventListener("dragstart", (event) => (dragged = event.target.closest?.("form.columns li")));
  document.addEventListener("dragover", (event) => {
    const over = dragged && event.target.closest("form.columns li");
    if (!over) return;
    event.preventDefault();
    const { top, height } = over.getBoundingClientRect();
    if (over !== dragged) event.clientY < top + height / 2 ? over.before(dragged) : over.after(dragged);
  });
  document.addEventListener("dragend", () => {
    if (dragged) moved(dragged);
    dragged = null;
  });
})();
