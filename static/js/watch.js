// The page that a study is watched on: its panels ask for themselves again (htmx). Here: nothing
// is asked while nobody looks, what stopped is said in words, alarms are told once, and what
// somebody reads stays where it is.
const panels = () => [...document.querySelectorAll(".watch-figures")];
const refreshed = new Map();
const stale = document.querySelector("[data-watch-stale]");
const region = document.querySelector("[data-watch-alarms]");
const clock = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { timeStyle: "short" });
for (const panel of panels()) refreshed.set(panel.id, new Date());

document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.matches(".watch-figures")) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const panel of panels()) htmx.trigger(panel, "watch:now");
});

function say(words) {
  if (stale.textContent !== words) stale.textContent = words;
}

function fail(panel, words) {
  panel.dataset.stale = "";
  const since = refreshed.get(panel.id);
  say(words.replace("{time}", clock.format(since)));
}

function succeed(panel) {
  refreshed.set(panel.id, new Date());
  delete panel.dataset.stale;
  if (!document.querySelector(".watch-figures[data-stale]")) say("");
}

// A session that ended leads to the page for signing in, which is no panel.
const isPanel = (xhr) => xhr.responseURL !== "" && new URL(xhr.responseURL).pathname.includes("/watch/");

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!event.target.matches(".watch-figures")) return;
  if (!isPanel(event.detail.xhr)) event.detail.shouldSwap = false;
  keepPlace(event.target);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const { target, detail } = event;
  if (!target.matches(".watch-figures")) return;
  const { status } = detail.xhr;
  if ((status === 200 || status === 204) && isPanel(detail.xhr)) succeed(target);
  else fail(target, status === 200 || status === 403 ? stale.dataset.signedOut : stale.dataset.words);
});

// Where a wide table was scrolled to, and which one had the focus.
let place = null;
function keepPlace(panel) {
  const scrolls = [...panel.querySelectorAll("[tabindex]")].map((area) => area.scrollLeft);
  const focused = [...panel.querySelectorAll("[tabindex]")].indexOf(document.activeElement);
  place = { panel, scrolls, focused };
}
document.addEventListener("htmx:afterSwap", (event) => {
  if (place?.panel !== event.target) return;
  const areas = [...event.target.querySelectorAll("[tabindex]")];
  areas.forEach((area, at) => { area.scrollLeft = place.scrolls[at] ?? 0; });
  if (place.focused >= 0) areas[place.focused]?.focus({ preventScroll: true });
  tell();
});

// All alarms in one place that is read aloud, changed only when they change.
function tell() {
  const words = [...document.querySelectorAll(".watch-panel .alarm-lines li")].map((li) => li.textContent);
  const list = region.querySelector("ul");
  if (words.join("\n") === [...list.children].map((li) => li.textContent).join("\n")) return;
  list.replaceChildren(...words.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
}
