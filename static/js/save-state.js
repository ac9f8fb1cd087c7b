// Says what has become of what was entered, in one quiet line: [data-save-state].
// Seen at every change; spoken only when trouble begins or ends, and at the first save.
// Other scripts tell it by an event: plurivox:state, with the name of a text on the element.
(() => {
  const CALM = new Set(["", "saving", "saved", "sending"]);
  let spoken = "";

  function show(state) {
    const line = document.querySelector("[data-save-state]");
    if (!line) return;
    const text = state ? line.dataset[state.replace(/-(.)/g, (_, letter) => letter.toUpperCase())] : "";
    line.dataset.saveState = state;
    line.querySelector("[data-save-seen]").textContent = text;
    line.querySelector("[data-save-choice]").hidden = state !== "conflict";
    if (state === "saving" || state === "sending" || state === spoken) return;
    if (state === "saved" && spoken !== "" && CALM.has(spoken)) return;
    spoken = state;
    line.querySelector("[data-save-spoken]").textContent = text;
  }

  document.addEventListener("plurivox:state", (event) => show(event.detail));
})();
