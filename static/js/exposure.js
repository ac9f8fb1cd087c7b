// How long each answer was in sight, and in which layout: counted here, stored with the ranking.
//
// An answer counts as in sight while at least half of it is on the screen, or it fills at
// least half of the screen's height below the message, and the tab is the one looked at.
// The hidden inputs seen_<handle> hold the seconds, so that a draft carries them along. They
// are measurements, not choices: writing them dispatches no `change`.
const Exposure = {
  answers: [], // {element, input, inSight}
  seconds: new Map(), // by input name, also across a form that came back with an error
  last: 0,
  looking: true, // whether this tab is the one looked at
  observer: null,
};

function startExposure() {
  count();
  if (Exposure.observer) Exposure.observer.disconnect();
  Exposure.answers = [...document.querySelectorAll("form [data-answer]")].map((answer) => {
    const input = answer.querySelector('input[name^="seen_"]');
    if (input) Exposure.seconds.set(input.name, Math.max(earlier(input), Number(input.value) || 0));
    return { element: answer.querySelector(".text") || answer, input, inSight: false };
  }).filter((row) => row.input);
  writeShape();
  if (!Exposure.answers.length) return;
  // The message sticks to the top of the screen: what is under it is not in sight.
  const covered = [...document.querySelectorAll(".bar, .brief, .said.short")]
    .filter((part) => getComputedStyle(part).position === "sticky")
    .reduce((sum, part) => sum + Math.round(part.getBoundingClientRect().height), 0);
  const threshold = Array.from({ length: 51 }, (_, step) => step / 50);
  Exposure.observer = new IntersectionObserver(look, { rootMargin: `-${covered}px 0px 0px 0px`, threshold });
  for (const row of Exposure.answers) Exposure.observer.observe(row.element);
}

function earlier(input) {
  return Exposure.seconds.get(input.name) || 0;
}

function look(entries) {
  count();
  for (const entry of entries) {
    const row = Exposure.answers.find((candidate) => candidate.element === entry.target);
    if (!row) continue;
    const screen = entry.rootBounds ? entry.rootBounds.height : window.innerHeight;
    row.inSight = entry.intersectionRatio >= 0.5 || entry.intersectionRect.height >= screen / 2;
  }
  tellUnseen();
}

// Adds what passed since the last call to every answer that was in sight meanwhile.
function count() {
  const now = performance.now();
  const passed = Exposure.looking ? (now - Exposure.last) / 1000 : 0;
  Exposure.last = now;
  for (const row of Exposure.answers) {
    if (row.inSight) Exposure.seconds.set(row.input.name, earlier(row.input) + passed);
    if (earlier(row.input) > 0) row.input.value = earlier(row.input).toFixed(1);
  }
}

// One sentence at a time about an answer that was never in sight; it never blocks.
function tellUnseen() {
  const lines = [...document.querySelectorAll("[data-unseen]")];
  const unseen = Exposure.answers.filter((row) => !row.inSight && !earlier(row.input));
  const first = unseen.length ? unseen[0].input.name : null;
  for (const line of lines) line.toggleAttribute("data-told", line.dataset.unseen === first);
}

// stacked, pairs or row: by how many answers begin on the same line as the first.
function writeShape() {
  const tops = Exposure.answers.map((row) => row.element.closest("[data-answer]").getBoundingClientRect().top);
  const beside = tops.filter((top) => Math.abs(top - tops[0]) < 2).length;
  const shape = {
    layout: beside <= 1 ? "stacked" : beside === 2 ? "pairs" : "row",
    viewport: window.innerWidth < 600 ? "phone" : window.innerWidth < 1024 ? "tablet" : "desktop",
  };
  for (const [name, value] of Object.entries(shape)) {
    const input = document.querySelector(`form input[type=hidden][name="${name}"]`);
    if (input) input.value = value;
  }
}

document.addEventListener("DOMContentLoaded", () => {
  Exposure.looking = document.visibilityState === "visible";
  startExposure();
});
document.addEventListener("htmx:afterSettle", startExposure);
window.addEventListener("resize", writeShape);
document.addEventListener("visibilitychange", () => {
  count(); // what passed until now belongs to the state until now
  Exposure.looking = document.visibilityState === "visible";
});
window.addEventListener("pagehide", count);
document.addEventListener("submit", () => { count(); writeShape(); }, true);
setInterval(() => { count(); tellUnseen(); }, 500);
