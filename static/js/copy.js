/* Copy buttons: <button data-copy="#id" data-done="Copied"><span>Copy</span></button> copies what stands there,
   <button data-copy-text="512340077" data-done="Copied"><svg></button> what it carries itself. */
(function () {
  "use strict";
  const SHOWN = 2000;

  async function copy(element) {
    if (navigator.clipboard) return navigator.clipboard.writeText(element.value ?? element.textContent);
    // Plain http in an office network: no clipboard, but what is selected can still be copied.
    if (element.select) element.select();
    else getSelection().selectAllChildren(element);
    document.execCommand("copy");
  }

  async function copyText(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const holder = Object.assign(document.createElement("textarea"), { value: text, readOnly: true });
    document.body.append(holder);
    await copy(holder);
    holder.remove();
  }

  function say(button) {
    const label = button.querySelector("span");
    if (label) {
      const before = label.textContent;
      label.textContent = button.dataset.done;
      setTimeout(() => { label.textContent = before; }, SHOWN);
    } else {
      const before = button.getAttribute("aria-label");
      button.dataset.copied = "";
      button.setAttribute("aria-label", button.dataset.done);
      setTimeout(() => { delete button.dataset.copied; button.setAttribute("aria-label", before); }, SHOWN);
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-copy-text]");
    if (!button) return;
    if (button.dataset.copyText !== undefined) await copyText(button.dataset.copyText);
    else await copy(document.querySelector(button.dataset.copy));
    say(button);
  });
})();
