/* Adds a button to every password field that shows what was typed; its looks are in #password-toggle. */
(function () {
  "use strict";
  const template = document.getElementById("password-toggle");
  document.querySelectorAll("input[type=password]").forEach((input) => {
    const box = document.createElement("div");
    const button = template.content.firstElementChild.cloneNode(true);
    box.className = "password";
    input.replaceWith(box);
    box.append(input, button);
    const show = (shown) => {
      input.type = shown ? "text" : "password";
      button.setAttribute("aria-label", shown ? button.dataset.hide : button.dataset.show);
      button.classList.toggle("on", shown);
    };
    button.addEventListener("click", () => { show(input.type === "password"); input.focus(); });
    input.form?.addEventListener("submit", () => show(false));
    show(false);
    if (input.autofocus) input.focus();
  });
})();
