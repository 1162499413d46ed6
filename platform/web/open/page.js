"use strict";
// Opens what the fragment of the address names, which no server or log sees:
// a GET of the API on this server. The token is kept nowhere, and a document
// is shown as text or saved, never run as a page.
(() => {
  const at = (id) => document.getElementById(id);
  const tell = (words) => { at("said").textContent = words; };
  const wanted = () => {
    const path = decodeURIComponent(location.hash.slice(1));
    return /^\/api(\/[A-Za-z0-9_-]+)+$/.test(path) ? path : "";
  };
  const begin = () => {
    at("what").textContent = wanted();
    at("sign-in").hidden = wanted() === "";
    at("text").hidden = true;
    tell(wanted() === "" ? "This address names nothing to open." : "");
  };
  const refused = async (answer) => {
    const said = await answer.json().catch(() => ({}));
    return new Error(said.message || "The server answered " + answer.status + ".");
  };
  const open = async (path) => {
    const form = new URLSearchParams({ username: at("email").value, password: at("password").value });
    const signedIn = await fetch("/api/login/access-token", { method: "POST", body: form, credentials: "omit" });
    if (!signedIn.ok) throw await refused(signedIn);
    const token = (await signedIn.json()).ejento_access_token;
    at("password").value = "";
    const answer = await fetch(path, { headers: { Authorization: "Bearer " + token }, credentials: "omit" });
    if (!answer.ok) throw await refused(answer);
    at("sign-in").hidden = true;
    const type = answer.headers.get("Content-Type") || "";
    if (/^(text\/|application\/json)/.test(type)) {
      at("text").textContent = await answer.text();
      at("text").hidden = false;
      tell("");
      return;
    }
    const file = /filename\*=UTF-8''([^;]+)/i.exec(answer.headers.get("Content-Disposition") || "");
    const save = document.createElement("a");
    save.href = URL.createObjectURL(await answer.blob());
    save.download = file ? decodeURIComponent(file[1]) : "document";
    save.click();
    tell("The document is saved as " + save.download + ".");
  };
  at("sign-in").addEventListener("submit", (event) => {
    event.preventDefault();
    tell("Opening …");
    open(wanted()).catch((error) => tell(error.message));
  });
  addEventListener("hashchange", begin);
  begin();
})();
