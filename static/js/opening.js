// "Next conversation": the answer is the conversation itself, put in place of this page. Where
// none comes, the browser sends the form by itself, and says what is wrong.
(() => {
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(name, ({ target }) => {
      if (target.matches("form[data-open]")) target.submit();
    });
  }
  // The button that was pressed is gone: reading goes on where the conversation begins.
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    const place = detail.target;
    if (place?.id !== "main") return;
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
  });
})();
