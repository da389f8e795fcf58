/* Copy buttons: <button data-copy="#id" data-done="Copied"><span>Copy</span></button>. */
(function () {
  "use strict";

  async function copy(element) {
    if (navigator.clipboard) return navigator.clipboard.writeText(element.value ?? element.textContent);
    // Plain http in an office network: no clipboard, but what is selected can still be copied.
    if (element.select) element.select();
    else getSelection().selectAllChildren(element);
    document.execCommand("copy");
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await copy(document.querySelector(button.dataset.copy));
    const label = button.querySelector("span");
    const before = label.textContent;
    label.textContent = button.dataset.done;
    setTimeout(() => { label.textContent = before; }, 2000);
  });
})();
