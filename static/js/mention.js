/* "@" in a <textarea data-mention="url of the people"> opens a list of colleagues: type on, ↑ ↓, Enter or Tab, Esc. */
(function () {
  "use strict";
  const WORD = /(^|[\s(])@([^\n@]{0,40})$/; // what is being typed, up to the caret
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const list = Object.assign(document.createElement("ul"), { id: "mention-list", className: "mention-list menu-list", hidden: true });
  list.setAttribute("role", "listbox");
  let field = null, people = null, chosen = 0;

  async function load(url) {
    const answer = await fetch(url, { headers: { "HX-Request": "true" } });
    const holder = document.createElement("ul");
    if (answer.ok) holder.innerHTML = await answer.text();
    return [...holder.children];
  }
  const typed = () => WORD.exec(field.value.slice(0, field.selectionStart))?.[2];

  function close() {
    list.hidden = true;
    ["aria-controls", "aria-activedescendant", "aria-expanded"].forEach((name) => field?.removeAttribute(name));
  }

  function mark(place) {
    const lines = [...list.children];
    chosen = (place + lines.length) % lines.length;
    lines.forEach((line, at) => line.setAttribute("aria-selected", String(at === chosen)));
    lines[chosen].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", lines[chosen].id);
  }

  async function open() {
    if (typed() === undefined) return close();
    people ??= load(field.dataset.mention);
    const all = await people;
    const said = field && typed(); // more may have been typed meanwhile
    if (said === undefined || said === null) return close();
    const words = plain(said).split(" ");
    const fitting = all.filter((line) => {
      const names = plain(line.dataset.name).split(" ");
      return words.every((word) => !word || names.some((name) => name.startsWith(word)));
    });
    if (!fitting.length || fitting.some((line) => said.endsWith(" ") && plain(said.trim()) === plain(line.dataset.name))) return close();
    list.replaceChildren(...fitting.slice(0, 8));
    field.after(list);
    list.hidden = false;
    field.setAttribute("aria-controls", list.id);
    field.setAttribute("aria-expanded", "true");
    mark(0);
  }

  function take(line) {
    const start = field.selectionStart - typed().length;
    field.setRangeText(`${line.dataset.name} `, start, field.selectionStart, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
    close();
  }

  document.addEventListener("input", ({ target }) => {
    if (!target.matches("textarea[data-mention]")) return;
    field = target;
    open();
  });
  document.addEventListener("keydown", (event) => {
    if (list.hidden || event.target !== field) return;
    if (event.ctrlKey || event.metaKey) return close();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) mark(chosen + step);
    else if (event.key === "Enter" || event.key === "Tab") take(list.children[chosen]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  list.addEventListener("mousedown", (event) => {
    event.preventDefault(); // the caret stays in the field
    const line = event.target.closest("[role=option]");
    if (line) take(line);
  });
  document.addEventListener("focusout", ({ target }) => target === field && close());
})();
