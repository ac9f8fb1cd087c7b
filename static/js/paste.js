// Counts how many characters are pasted into a text that people write: the consent says so.
// The count alone is sent, in a hidden input beside the text; pasting is never hindered.
// Empty means "not measured", so that 0 is written wherever this script runs.
function startCounting(root) {
  for (const input of root.querySelectorAll("input[data-pasted-into]")) {
    if (input.value === "") input.value = "0";
  }
}
document.addEventListener("DOMContentLoaded", () => startCounting(document));
document.addEventListener("htmx:afterSettle", () => startCounting(document));

document.addEventListener("paste", (event) => {
  const text = event.target.closest?.("textarea");
  const input = text?.form?.querySelector(`input[data-pasted-into="${CSS.escape(text.name)}"]`);
  if (!input) return;
  const pasted = event.clipboardData?.getData("text") ?? "";
  input.value = String(Number(input.value) + [...pasted].length);
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
