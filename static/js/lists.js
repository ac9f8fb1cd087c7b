// What the theme's lists and forms ask of the page, for Alpine's build that needs no eval: it
// looks names up in these objects alone and never in the browser's own.
document.addEventListener("alpine:init", () => {
  "use strict";
  const here = {
    get pathname() { return window.location.pathname; },
    get search() { return window.location.search; },
  };
  window.Alpine.data("desk", () => ({
    openModal: false,
    filterOpen: false,
    sidebarDesktopOpen: true,
    window: { location: here },
    getCurrentTab: () => window.getCurrentTab(),
  }));
  window.Alpine.data("searchForm", window.searchForm);
});

// What moves sideways inside the page can be moved with the keyboard.
document.addEventListener("DOMContentLoaded", () => {
  for (const wide of document.querySelectorAll("[data-simplebar]")) wide.tabIndex = 0;
});
