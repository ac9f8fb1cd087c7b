// Light or dark, before anything is drawn: the choice of this browser, or else the device's.
(() => {
  "use strict";
  const root = document.documentElement;
  const device = matchMedia("(prefers-color-scheme: dark)");
  const KEY = "look";

  function chosen() {
    try {
      return localStorage.getItem(KEY) || "auto";
    } catch {
      return "auto"; // no storage in this browser
    }
  }

  function apply(look) {
    root.classList.toggle("dark", look === "dark" || (look === "auto" && device.matches));
    for (const button of document.querySelectorAll("[data-look]")) {
      button.setAttribute("aria-pressed", String(button.dataset.look === look));
    }
  }

  root.classList.add("scripted");
  apply(chosen());
  device.addEventListener("change", () => apply(chosen()));
  document.addEventListener("DOMContentLoaded", () => apply(chosen()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-look]");
    if (!button) return;
    try {
      localStorage.setItem(KEY, button.dataset.look);
    } catch { /* then it holds for this page */ }
    apply(button.dataset.look);
  });
})();
