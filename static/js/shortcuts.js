/* Keys of every page. What they act on is marked in the page: data-search, data-new, data-key. */
(function () {
  "use strict";
  const { find, isTyping, isDialogOpen } = window.magflow;
  let afterG = 0;

  const scope = () => find("dialog[open]") || document;

  function save(event) {
    const form = event.target.closest?.("form[method=post], form[hx-post]") || find("form[data-save], dialog[open] form[method=post]", scope());
    if (!form) return;
    event.preventDefault();
    form.requestSubmit(find("[data-save-button], .btn-primary[type=submit], .btn-primary:not([type])", form));
  }

  function search(event) {
    const field = find("[data-search]");
    /* A second Ctrl+F in the field is the browser's own search. */
    if (!field || isDialogOpen() || document.activeElement === field) return;
    event.preventDefault();
    field.focus();
    field.select();
  }

  function jump(event) {
    const link = find(`:is(#side, .top) [data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
  }

  function escape(event) {
    const field = event.target;
    if (field.matches("[data-search]")) {
      if (field.value) {
        field.value = "";
        field.dispatchEvent(new Event("input", { bubbles: true }));
      } else field.blur();
      event.preventDefault();
    } else if (!isDialogOpen()) find("#toasts .toast:last-of-type [data-toast-close]")?.click();
  }

  function plain(event) {
    const key = event.key.toLowerCase();
    if (Date.now() - afterG < 1200) {
      afterG = 0;
      return jump(event);
    }
    if (key === "g") afterG = Date.now();
    else if (event.key === "/") search(event);
    else if (event.key === "?") find("[data-keys]")?.click();
    else if (key === "n" && find("[data-new]")) {
      event.preventDefault();
      find("[data-new]").click();
    } else if (event.key === "[") window.magflow.toggleNav();
  }

  document.addEventListener("keydown", (event) => {
    const control = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (event.isComposing || event.altKey) return;
    if (control && !event.shiftKey) {
      if (key === "k") {
        event.preventDefault();
        window.magflow.openPalette?.();
      } else if (key === "s") save(event);
      else if (key === "f") search(event);
    } else if (event.key === "Escape") escape(event);
    else if (!control && !isTyping(event.target) && !isDialogOpen()) plain(event);
  });
})();
