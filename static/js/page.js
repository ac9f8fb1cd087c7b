// Small conveniences for every page. All of them work without this file too.
// What was missing and is given now is no longer an error.
function forgetError(event) {
  const wrong = event.target.closest(".wrong");
  if (!wrong || event.target.value === "") return;
  wrong.classList.remove("wrong");
  for (const error of wrong.querySelectorAll(".error")) error.remove();
}
document.addEventListener("change", forgetError);
document.addEventListener("input", forgetError);

// After a refused form, the summary of what is missing is where reading goes on. Another part
// of the page that is renewed meanwhile takes nobody away from where she is.
function focusProblems(root) {
  const problems = root.matches?.("[data-focus]") ? root : root.querySelector("[data-focus]");
  if (problems) problems.focus();
}
document.addEventListener("DOMContentLoaded", () => focusProblems(document));
document.addEventListener("htmx:afterSettle", (event) => focusProblems(event.target));

// Who is writing is not taken to the next answers: she is told of them, and goes when she likes.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  const areas = [...document.querySelectorAll("textarea")];
  if (detail.verb !== "get" || areas.every((area) => area.value === area.defaultValue)) return;
  detail.parameters.unsent = "1";
});
