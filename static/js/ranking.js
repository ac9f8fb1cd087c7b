// The ranking control: number keys, and the order so far in words of letters.
// The radio buttons are the one state; this file only reads and checks them.

document.addEventListener("keydown", (event) => {
  const answer = event.target.closest("[data-answer]");
  if (!answer || event.ctrlKey || event.altKey || event.metaKey) return;
  const radio = answer.querySelector(`input[type=radio][value="${CSS.escape(event.key)}"]`);
  if (!radio) return;
  event.preventDefault();
  radio.checked = true;
  radio.focus();
  radio.dispatchEvent(new Event("change", { bubbles: true }));
});

document.addEventListener("change", (event) => {
  if (event.target.closest("[data-answer]")) update();
});
document.addEventListener("DOMContentLoaded", update);
document.addEventListener("htmx:afterSettle", update);

function places() {
  return [...document.querySelectorAll("[data-answer]")].map((answer) => {
    const checked = answer.querySelector(".places input:checked");
    return {
      letter: answer.dataset.letter,
      handle: answer.dataset.handle,
      place: checked ? Number(checked.value) : null,
    };
  });
}

function update() {
  const output = document.querySelector("[data-order]");
  if (!output) return;
  const placed = places().filter((row) => row.place !== null);
  const groups = new Map();
  for (const row of [...placed].sort((a, b) => a.place - b.place)) {
    groups.set(row.place, [...(groups.get(row.place) || []), row.letter]);
  }
  const text = [...groups.values()].map((letters) => letters.join(" = ")).join(" › ");
  output.textContent = text || "–";
  updateTie(placed);
}

// Who shares first place may continue; with one first place there is nothing to pick.
function updateTie(placed) {
  const box = document.querySelector("[data-tie]");
  const best = Math.min(...placed.map((row) => row.place));
  const first = placed.filter((row) => row.place === best).map((row) => row.handle);
  box.hidden = first.length < 2;
  for (const radio of box.querySelectorAll("input")) {
    const offered = first.includes(radio.value);
    radio.closest("label").hidden = !offered;
    if (!offered || box.hidden) radio.checked = false;
  }
}
