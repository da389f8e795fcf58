/* Lists by keyboard: arrows move, Enter opens, Space selects, Esc leaves. Place survives a re-read. */
(function () {
  "use strict";
  const { isTyping, isDialogOpen } = window.magflow;
  const rowsOf = (table) => [...table.querySelectorAll("tbody > tr[data-pk]")];
  const rowAt = (element) => element.closest?.("table[data-page] tbody > tr[data-pk]");

  function enter(table) {
    const rows = rowsOf(table);
    if (rows.length && !rows.some((row) => row.tabIndex === 0)) rows[0].tabIndex = 0;
  }

  function go(row) {
    if (!row) return;
    rowsOf(row.closest("table")).forEach((other) => (other.tabIndex = other === row ? 0 : -1));
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  const KEYS = {
    ArrowDown: (row) => go(row.nextElementSibling),
    ArrowUp: (row) => go(row.previousElementSibling),
    Home: (row) => go(row.parentElement.firstElementChild),
    End: (row) => go(row.parentElement.lastElementChild),
    Enter: (row) => row.querySelector("td.id a, a[href]")?.click(),
    " ": (row) => row.querySelector(".row-check")?.click(),
    Escape: (row) => row.blur(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isDialogOpen()) return;
    const row = rowAt(event.target);
    const key = { j: "ArrowDown", k: "ArrowUp" }[event.key] || event.key;
    if (row && event.target === row && KEYS[key]) KEYS[key](row);
    else if (row && /^Arrow(Up|Down)$|^Escape$/.test(key) && !isTyping(event.target)) key === "Escape" ? go(row) : KEYS[key](row);
    else if (/^Arrow(Up|Down)$/.test(event.key) && (event.target === document.body || event.target.matches("[data-search]"))) {
      const table = document.querySelector("table[data-page]");
      if (!table) return;
      enter(table);
      go(table.querySelector('tr[tabindex="0"]'));
    } else return;
    event.preventDefault();
  });

  /* A re-read replaces the rows: give focus and scroll back to what a person was looking at. */
  let place = null;
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const table = event.target.querySelector?.("table[data-page]");
    if (!table) return;
    const isReread = event.detail.requestConfig?.triggeringEvent?.type.startsWith("live:");
    const { scrollTop, scrollLeft } = table.closest(".tw") || {};
    place = { pk: rowAt(document.activeElement)?.dataset.pk, top: isReread ? scrollTop : 0, left: scrollLeft };
  });
  function showTab() { // in a row of tabs that is too wide; only sideways, the page stays where it is
    const tab = document.querySelector("#list-tabs [aria-current]"), row = tab?.parentElement;
    if (row) row.scrollLeft += Math.max(0, tab.getBoundingClientRect().right + 20 - row.getBoundingClientRect().right);
  }
  showTab();
  document.body.addEventListener("htmx:afterSettle", () => {
    const table = document.querySelector("table[data-page]");
    if (!table) return;
    enter(table);
    showTab();
    if (!place) return;
    table.closest(".tw")?.scrollTo(place.left || 0, place.top || 0);
    if (place.pk && document.activeElement === document.body) table.querySelector(`tr[data-pk="${CSS.escape(place.pk)}"]`)?.focus({ preventScroll: true });
    place = null;
  });

  document.querySelectorAll("table[data-page]").forEach(enter);
})();
