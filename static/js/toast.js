/* Toasts: results of actions, and what went wrong on the way. Errors stay until they are closed. */
(function () {
  "use strict";
  const area = document.getElementById("toasts");
  const template = document.getElementById("toast-template");
  if (!area) return;
  const words = area.dataset;
  const STAY = { success: 5000, info: 7000, warning: 12000 };

  function settle(toast) {
    const time = STAY[toast.dataset.level];
    if (!time) return toast.setAttribute("role", "alert");
    let timer = setTimeout(() => toast.remove(), time);
    const hold = () => clearTimeout(timer);
    const go = () => { hold(); timer = setTimeout(() => toast.remove(), 2500); };
    toast.addEventListener("pointerenter", hold);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("pointerleave", go);
    toast.addEventListener("focusout", go);
  }

  function show({ message, level = "info", url, link, ref }) {
    const same = [...area.children].find((one) => one.dataset.level === level && one.querySelector("p").firstChild?.data === message);
    same?.remove();
    const toast = template.content.firstElementChild.cloneNode(true);
    toast.dataset.level = level;
    const text = toast.querySelector("p");
    text.textContent = message;
    if (url) {
      const anchor = Object.assign(document.createElement("a"), { href: url, textContent: link || url });
      text.append(" ", anchor);
    }
    if (ref) text.after(Object.assign(document.createElement("span"), { className: "sub", textContent: `${words.number}: ${ref}` }));
    area.append(toast);
    settle(toast);
  }
  window.magflow.toast = show;

  area.querySelectorAll(".toast").forEach(settle);
  area.addEventListener("click", (event) => event.target.closest("[data-toast-close]") && event.target.closest(".toast").remove());
  document.body.addEventListener("toast", (event) => show(event.detail));

  /* htmx: an answer without its own toast still says something; background reads stay quiet. */
  const BY_STATUS = { 403: words.forbidden, 404: words.missing, 409: words.stale, 410: words.missing, 429: words.tooMany };
  const isQuiet = (event) => event.detail.requestConfig?.triggeringEvent?.type.startsWith("live:") || event.detail.elt?.matches("[data-quiet]");
  const says = (xhr) => xhr.getResponseHeader("HX-Trigger") || "";
  function complain(xhr) {
    if (/"toast"/.test(says(xhr))) return;
    show({ message: BY_STATUS[xhr.status] || words.failed, level: "error", ref: xhr.getResponseHeader("X-Request-ID") });
  }
  document.body.addEventListener("htmx:responseError", (event) => isQuiet(event) || complain(event.detail.xhr));
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    /* htmx tells the events of an answer to whoever asked; a live update may have replaced it by
       then, and nobody would hear them. Asked before htmx itself looks at the answer. */
    const { elt, target, xhr } = event.detail, isUnheard = () => !elt.isConnected;
    xhr.addEventListener("readystatechange", () => {
      if (xhr.readyState !== XMLHttpRequest.DONE || !isUnheard()) return;
      if (says(xhr).startsWith("{")) Object.entries(JSON.parse(says(xhr))).forEach(([name, detail]) => window.htmx.trigger(document.body, name, detail instanceof Object ? detail : { value: detail }));
      const isShown = xhr.status === 422 && target.isConnected; // what was wrong stands in the answer
      if (xhr.status >= 400 && !isShown && !isQuiet(event)) complain(xhr);
    });
    xhr.addEventListener("error", () => isUnheard() && !isQuiet(event) && show({ message: words.offline, level: "error" }));
    xhr.addEventListener("timeout", () => isUnheard() && !isQuiet(event) && show({ message: words.slow, level: "error" }));
  });
  document.body.addEventListener("htmx:sendError", (event) => isQuiet(event) || show({ message: words.offline, level: "error" }));
  document.body.addEventListener("htmx:timeout", (event) => isQuiet(event) || show({ message: words.slow, level: "error" }));
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    /* A refusal that is only a toast must not empty the region that asked. */
    if (event.detail.xhr.status === 422 && !event.detail.xhr.responseText.trim()) event.detail.shouldSwap = false;
  });
})();
