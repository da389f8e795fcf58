/* The shell: navigation width, theme, menus, the one dialog, busy marks. Texts come from the page. */
(function () {
  "use strict";
  const root = document.documentElement;
  const body = document.body;
  const find = (selector, from = document) => from.querySelector(selector);
  const token = () => JSON.parse(body.getAttribute("hx-headers") || "{}");

  const magflow = (window.magflow = {
    find,
    isTyping: (element) => element.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]"),
    isDialogOpen: () => Boolean(find("dialog[open]")),
    post: (url, values) => fetch(url, { method: "POST", body: new URLSearchParams(values), headers: { "HX-Request": "true", ...token() } }),
  });

  /* Without a connection the browser shows a page of ours (only on https and localhost). */
  if (body.dataset.worker) navigator.serviceWorker?.register(body.dataset.worker).catch(() => {});

  /* Navigation: answers at once, the server remembers. */
  const toggle = find("[data-nav-toggle]");
  magflow.toggleNav = () => {
    const narrow = body.classList.toggle("narrow");
    toggle.setAttribute("aria-pressed", String(narrow));
    magflow.post(toggle.dataset.url, { nav: narrow ? "narrow" : "wide" });
  };
  toggle?.addEventListener("click", magflow.toggleNav);
  find("#side")?.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) link.classList.add("pending");
  });

  /* Theme: "system" is the absence of a choice, the stylesheet then asks the browser. */
  body.addEventListener("theme", (event) => {
    const theme = event.detail.value;
    if (theme === "system") root.removeAttribute("data-bs-theme");
    else root.dataset.bsTheme = theme;
    document.querySelectorAll("[data-theme-form] button").forEach((button) => button.setAttribute("aria-pressed", String(button.value === theme)));
  });

  /* Menus are <details class="menu">: one open at a time, Esc and a click elsewhere close, arrows move. */
  const closeMenus = (except) => document.querySelectorAll("details.menu[open]").forEach((menu) => menu !== except && (menu.open = false));
  document.addEventListener("click", (event) => {
    const menu = event.target.closest("details.menu");
    closeMenus(event.target.closest("a.menu-item, button.menu-item") ? null : menu);
  });
  document.addEventListener("focusin", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest("details.menu[open]");
    if (!menu) return;
    const items = [...menu.querySelectorAll(".menu-list :is(a, button, input, select)")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      menu.open = false;
      find("summary", menu).focus();
      event.stopPropagation();
    } else if (step && items.length && event.target.type !== "text") {
      items.at((items.indexOf(event.target) + step + (items.includes(event.target) || step > 0 ? 0 : 1)) % items.length).focus();
      event.preventDefault();
    }
  }, true);

  /* The one dialog: whatever is swapped into it opens it; closing empties it and gives focus back. */
  const modal = find("#modal");
  modal?.addEventListener("htmx:afterSettle", (event) => {
    if (event.target !== modal || !modal.innerHTML.trim()) return;
    const close = document.createElement("button");
    Object.assign(close, { type: "button", className: "dialog-close", ariaLabel: modal.dataset.close });
    close.append(find("#toast-template").content.querySelector("[data-toast-close] svg").cloneNode(true));
    close.dataset.closeModal = "";
    modal.append(close);
    if (!modal.open) modal.showModal();
    find("[autofocus], [aria-invalid=true], input:not([type=hidden]), select, textarea, .modal-actions .btn", modal)?.focus();
  });
  modal?.addEventListener("close", () => modal.replaceChildren());
  body.addEventListener("modal:close", () => modal?.close());
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-modal]") || event.target === modal) modal?.close();
  });

  /* Busy: the button that was pressed says so at once; a form on its way is not sent twice. */
  const pressed = (event) => event.detail?.requestConfig?.triggeringEvent?.submitter;
  body.addEventListener("htmx:beforeSend", (event) => pressed(event)?.classList.add("busy"));
  body.addEventListener("htmx:afterRequest", (event) => pressed(event)?.classList.remove("busy"));
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.matches("[data-quiet], [target], [method=dialog]")) return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "1";
    event.submitter?.classList.add("busy");
  });
  window.addEventListener("pageshow", (event) => event.persisted && document.querySelectorAll(".busy, .pending, [data-sent]").forEach((element) => {
    element.classList.remove("busy", "pending");
    delete element.dataset.sent;
  }));

  /* Typed text is not lost by accident: leaving a changed form asks first. */
  const changed = new Set();
  document.addEventListener("input", (event) => event.target.form?.matches("form[data-guard]") && changed.add(event.target.form));
  document.addEventListener("submit", (event) => changed.delete(event.target));
  window.addEventListener("beforeunload", (event) => [...changed].some((form) => form.isConnected) && event.preventDefault());
})();
