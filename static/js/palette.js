/* The command palette (Ctrl+K). The server finds; here it opens, moves, and remembers the last five. */
(function () {
  "use strict";
  const palette = document.getElementById("palette");
  if (!palette) return;
  const input = palette.querySelector("input");
  const list = document.getElementById("palette-list");
  const store = `magflow-recent-${document.body.dataset.person}`;
  const options = () => [...list.querySelectorAll("[role=option]")];
  const chosen = () => list.querySelector("[aria-selected=true]");

  function recall() {
    try { return JSON.parse(localStorage.getItem(store)) || []; } catch { return []; }
  }

  function choose(option) {
    chosen()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  }

  /* With nothing typed, the pages opened last from here come first, as far as they still exist. */
  function recentFirst() {
    const links = recall().map((href) => list.querySelector(`a[role=option][href="${CSS.escape(href)}"]`)).filter(Boolean);
    if (!links.length || input.value) return;
    const group = document.createElement("div");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", list.dataset.recent);
    group.innerHTML = '<div class="menu-head" aria-hidden="true"></div>';
    group.firstChild.textContent = list.dataset.recent;
    group.append(...links.map((link) => link.cloneNode(true)));
    list.prepend(group);
  }

  function open() {
    if (palette.open) return;
    document.getElementById("modal")?.close();
    input.value = "";
    palette.showModal();
    htmx.trigger(input, "palette:open");
  }
  window.magflow.openPalette = open;

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]")) open();
    else if (event.target === palette) palette.close();
  });
  list.addEventListener("htmx:afterSettle", () => {
    recentFirst();
    options().forEach((option, index) => (option.id = `hit-${index}`));
    choose(options()[0]);
  });
  list.addEventListener("pointermove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && option !== chosen()) choose(option);
  });
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    const href = option.getAttribute("href");
    if (href) localStorage.setItem(store, JSON.stringify([href, ...recall().filter((one) => one !== href)].slice(0, 5)));
    else palette.close();
  });
  input.addEventListener("keydown", (event) => {
    const all = options();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length) choose(all.at((all.indexOf(chosen()) + step) % all.length));
    else if (event.key === "Enter") chosen()?.click();
    else return;
    event.preventDefault();
  });
})();
