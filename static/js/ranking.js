// The ranking control. The inputs of the form are the one state; number keys, the board,
// the sliders and undo read and write them here, and every step is told in words.
const Ranking = (() => {
  const histories = new Map(); // by the form's address: an answer that was refused keeps it
  let known = null; // the state as last seen
  let writing = false;

  const form = () => document.getElementById("ranking");
  const answers = () => [...form().querySelectorAll("[data-answer]")];
  const letterOf = (handle) => answers().find((a) => a.dataset.handle === handle).dataset.letter;
  const isState = (name) => /^(place_|score_)|^(best|worst|continue_with)$/.test(name);
  const history = () => {
    const address = form().getAttribute("action");
    if (!histories.has(address)) histories.set(address, []);
    return histories.get(address);
  };

  function read() {
    const state = {};
    for (const input of form().elements) {
      if (!isState(input.name || "")) continue;
      state[input.name] ??= "";
      if (input.type !== "radio" || input.checked) state[input.name] = input.value;
    }
    return state;
  }

  // Writes what differs, and tells whoever else listens (drafts, errors that are no more).
  function write(state) {
    const before = read();
    writing = true;
    for (const [name, value] of Object.entries(state)) {
      if (before[name] === value) continue;
      const inputs = [...form().elements].filter((input) => input.name === name);
      for (const input of inputs) {
        if (input.type === "radio") input.checked = input.value === value;
        else input.value = value;
      }
      const changed = inputs.find((input) => input.checked) || inputs[0];
      changed.dispatchEvent(new Event("change", { bubbles: true }));
    }
    writing = false;
  }

  function places(state = read()) {
    return new Map(answers().map(({ dataset: { handle } }) => {
      const value = state[`place_${handle}`];
      return [handle, value ? Number(value) : null];
    }));
  }

  const withPlaces = (found) => Object.fromEntries(
    [...found].map(([handle, place]) => [`place_${handle}`, place === null ? "" : String(place)]));

  // One step of the person: written, remembered for undo, shown and said.
  function change(state, message) {
    write(settled({ ...read(), ...state }));
    remember();
    show();
    if (message) say(message());
  }

  function settled(state) {
    const order = places(state);
    if (form().dataset.mode === "ranking" && Order.isFull(order)) {
      Object.assign(state, withPlaces(Order.settle(order)));
    }
    const first = sharingFirst(state);
    if ("continue_with" in state && !(first.length > 1 && first.includes(state.continue_with))) {
      state.continue_with = "";
    }
    return state;
  }

  function remember() {
    const now = read();
    if (JSON.stringify(now) === JSON.stringify(known)) return;
    history().push(known);
    known = now;
  }

  function undo() {
    const before = history().pop();
    if (!before) return say(words("nothing"));
    write(before);
    known = read();
    show();
    return say(words("undone"));
  }

  function words(name, values = {}) {
    return form().dataset[name].replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
  }

  function say(text) {
    const line = form().querySelector("[data-say]");
    // The same words again are read again only if the text differs.
    line.textContent = line.textContent === text ? `${text}\u00a0` : text;
  }

  function standing(handle) {
    const now = places();
    const others = Order.sharing(now, handle).map(letterOf);
    const list = new Intl.ListFormat(document.documentElement.lang, { type: "conjunction" });
    const values = {
      letter: letterOf(handle), place: now.get(handle), n: now.size, others: list.format(others),
    };
    if (now.get(handle) === null) return words("out", values);
    return words(others.length ? "shared" : "placed", values);
  }

  // Handles that share first place; while somebody has none yet, nothing is first.
  function sharingFirst(state) {
    const { mode, partial } = form().dataset;
    const sign = mode === "rating" ? -1 : 1;
    const given = answers().map(({ dataset: { handle } }) => [
      handle, state[`${mode === "rating" ? "score" : "place"}_${handle}`]]);
    const placed = given.filter(([, value]) => value).map(([handle, value]) => [handle, sign * value]);
    if (!placed.length || (placed.length < given.length && partial === undefined)) return [];
    const best = Math.min(...placed.map(([, value]) => value));
    return placed.filter(([, value]) => value === best).map(([handle]) => handle);
  }

  function show() {
    const box = form().querySelector("[data-tie]");
    if (box) {
      const first = sharingFirst(read());
      box.classList.toggle("is-open", first.length > 1);
      for (const radio of box.querySelectorAll("input")) {
        radio.closest("label").hidden = !first.includes(radio.value);
      }
    }
    form().querySelector("[data-undo]").setAttribute("aria-disabled", String(!history().length));
    Board.show();
    Rating.show();
  }

  function onChange(event) {
    if (writing || !form() || !form().contains(event.target) || !isState(event.target.name)) return;
    const { name, value } = event.target;
    for (const error of form().querySelectorAll(`#field-${CSS.escape(name)} > .error`)) {
      if (value) error.remove();
    }
    const handle = event.target.closest("[data-answer]")?.dataset.handle;
    change({}, handle && (() => told(name, handle)));
  }

  function told(name, handle) {
    if (name.startsWith("place_")) return standing(handle);
    if (name === "best" || name === "worst") return words(name, { letter: letterOf(handle) });
    return words("rated", { letter: letterOf(handle), word: Rating.wordOf(handle) });
  }

  // A digit inside an answer: its place; 1 for best and the last for worst; a word of the rating.
  function onKey(event) {
    if (!form() || event.altKey) return;
    const typing = event.target.closest("textarea, select, input:not([type=radio], [type=range])");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      if (typing || event.shiftKey) return;
      event.preventDefault();
      undo();
      return;
    }
    const answer = event.target.closest("[data-answer]");
    if (!answer || typing || event.ctrlKey || event.metaKey || !/^[1-9]$/.test(event.key)) return;
    const { handle } = answer.dataset;
    const state = keyed(Number(event.key), handle);
    if (!state) return;
    event.preventDefault();
    const [name] = Object.keys(state);
    change(state, () => told(name, handle));
    const control = answer.querySelector("input:checked, input[type=range]");
    if (control) control.focus({ preventScroll: true });
  }

  function keyed(digit, handle) {
    const { mode } = form().dataset;
    const n = answers().length;
    if (mode === "ranking") return digit <= n ? { [`place_${handle}`]: String(digit) } : null;
    if (mode === "rating") return digit <= 5 ? { [`score_${handle}`]: String(digit * 20 - 10) } : null;
    if (digit === 1) return { best: handle };
    return mode === "best_worst" && digit === n ? { worst: handle } : null;
  }

  // The summary's links lead into the control, not only near it.
  function onClick(event) {
    if (event.target.closest("[data-undo]")) undo();
    const link = event.target.closest('.problems a[href^="#field-"]');
    if (!link) return;
    const id = link.getAttribute("href").slice(1);
    const usable = "input:not([type=hidden]), textarea";
    const control = document.getElementById(id)?.querySelector(usable)
      || form()?.querySelector(`[name="${CSS.escape(id.replace("field-", ""))}"]`);
    if (!control) return;
    event.preventDefault();
    control.focus();
    control.closest("[id]")?.scrollIntoView({ block: "center" });
  }

  // Where answers may stay without a place, free rows close before the order is sent.
  function onSubmit(event) {
    if (event.target !== form() || form().dataset.mode !== "ranking") return;
    if (form().dataset.partial !== undefined) change(withPlaces(Order.close(places())));
  }

  function start() {
    if (!form()) return;
    form().classList.add("is-live");
    Rating.start(form());
    known = read();
    show();
  }

  // What a draft brings back is where she stands, and no step of hers to undo.
  document.addEventListener("plurivox:restored", (event) => {
    if (event.target === form()) known = read();
  });
  document.addEventListener("change", onChange);
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("submit", onSubmit, true);
  document.addEventListener("DOMContentLoaded", start);
  document.addEventListener("htmx:afterSettle", start);

  return { form, answers, letterOf, places, withPlaces, change, standing, words, say, read };
})();
