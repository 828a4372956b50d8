// Passkeys: asks the browser to make one or to sign with one, and sends the answer as a form.
"use strict";
(() => {
  const bytes = (text) => {
    const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const named = (keys) => (keys ?? []).map((key) => ({ ...key, id: bytes(key.id) }));

  function readable(options) {
    const read = { ...options, challenge: bytes(options.challenge) };
    if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
    if (options.allowCredentials) read.allowCredentials = named(options.allowCredentials);
    if (options.excludeCredentials) read.excludeCredentials = named(options.excludeCredentials);
    return read;
  }

  function written(made) {
    const response = { clientDataJSON: text(made.response.clientDataJSON) };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[part]) response[part] = text(made.response[part]);
    }
    if (made.response.getTransports) response.transports = made.response.getTransports();
    return JSON.stringify({
      id: made.id, rawId: text(made.rawId), type: made.type, response,
      clientExtensionResults: made.getClientExtensionResults(),
      authenticatorAttachment: made.authenticatorAttachment ?? undefined,
    });
  }

  async function use(form, say) {
    const answer = await fetch(form.dataset.options, { method: "POST" });
    if (answer.redirected) { location.assign(answer.url); return; }
    if (!answer.ok) { say(answer.status === 409 ? await answer.text() : "Chưa làm được. Hãy mở lại trang."); return; }
    const publicKey = readable(await answer.json());
    const made = form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey })
      : await navigator.credentials.get({ publicKey });
    form.credential.value = written(made);
    form.submit();
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("button");
    const line = form.querySelector("[role=status]");
    const say = (words) => { line.textContent = words; };
    if (!window.PublicKeyCredential) {
      say("Trình duyệt này, hoặc địa chỉ không có https, không dùng được khóa.");
      continue;
    }
    say("");
    button.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      try {
        await use(form, say);
      } catch (problem) {
        // The browser says the same of a key that is not there and of a person who said no.
        say(problem.name === "InvalidStateError" ? "Khóa này đã có rồi." : "Chưa dùng được khóa. Hãy thử lại.");
      } finally {
        button.disabled = false;
      }
    });
  }
})();
