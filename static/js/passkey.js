/* Passkeys. A <form data-passkey="create|get|login"> asks the browser for a credential when it is
   submitted, puts it into its field "credential" and goes on. What may be asked for stands in
   #passkey-options, or is fetched from the form's own address when signing in. */
(function () {
  "use strict";
  const options = () => JSON.parse(document.getElementById("passkey-options").textContent);

  async function create(form) {
    const wanted = options().creation_options;
    const alone = form.elements.passwordless?.checked;
    const selection = wanted.publicKey.authenticatorSelection;
    selection.residentKey = alone ? "required" : "discouraged";
    selection.requireResidentKey = Boolean(alone);
    if (alone) selection.userVerification = "required";
    return webauthnJSON.create(wanted);
  }

  const get = async () => webauthnJSON.get(options().request_options);

  async function login(form) {
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    return webauthnJSON.get((await answer.json()).request_options);
  }

  const ways = { create, get, login };
  const words = { NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "known", SecurityError: "impossible", NotSupportedError: "impossible" };

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    const trouble = form.querySelector("[data-passkey-error]");
    const say = (word) => {
      trouble.textContent = trouble.dataset[word];
      trouble.hidden = false;
    };

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (form.classList.contains("busy")) return;
      trouble.hidden = true;
      if (!window.PublicKeyCredential) return say("impossible");
      form.classList.add("busy");
      try {
        form.elements.credential.value = JSON.stringify(await ways[form.dataset.passkey](form));
        form.submit();
      } catch (error) {
        form.classList.remove("busy");
        say(words[error.name] || "failed");
      }
    });
  });
})();
