// "Your order": answers without a place in a tray, the others in rows, to be moved by buttons,
// by tapping a letter and then a place, or by dragging. The library for dragging comes only
// when somebody reaches for the board; all else works without it.
const Board = (() => {
  const board = () => Ranking.form()?.querySelector("[data-board]");
  let held = null; // the answer whose letter was tapped
  let target = null; // the row or tray under a dragged answer

  const text = (name, values) =>
    board().getAttribute(`data-label-${name}`).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);

  function make(tag, className, content = "") {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = content;
    return element;
  }

  function button(act, handle, sign, label, className = "step") {
    const made = make("button", className, sign);
    made.type = "button";
    made.dataset.act = act;
    made.dataset.of = handle;
    made.setAttribute("aria-label", label);
    return made;
  }

  const first = (handle) => Ranking.answers().find((a) => a.dataset.handle === handle)
    .querySelector(".text").textContent.trim().replace(/\s+/g, " ").slice(0, 90);

  function show() {
    if (!board()) return;
    const places = Ranking.places();
    const focused = document.activeElement?.closest?.("[data-board] [data-act]")?.dataset;
    const [act, of] = focused ? [focused.act, focused.of] : [];
    if (held && !places.get(held)) held = null;
    const unplaced = [...places.keys()].filter((handle) => places.get(handle) === null);
    board().querySelector("[data-tray]").replaceChildren(...unplaced.map(trayItem));
    const rows = [];
    for (const block of Order.blocksOf(places)) {
      if (block) block.forEach((handle, i) => rows.push(row(handle, places, i, rows.length)));
      else rows.push(freeRow(rows.length + 1));
    }
    board().querySelector("[data-rows]").replaceChildren(...rows);
    board().classList.toggle("is-holding", held !== null);
    if (of) refocus(act, of, unplaced);
  }

  // Reading and typing go on where they were, though the rows are new.
  function refocus(act, of, unplaced) {
    const find = (a, h) => board().querySelector(`[data-act="${a}"][data-of="${CSS.escape(h)}"]`);
    const next = act === "next" && unplaced.length ? find("next", unplaced[0]) : null;
    (next || find(act, of) || find("hold", of) || find("next", of))?.focus({ preventScroll: true });
  }

  function trayItem(handle) {
    const item = make("li", "tray-item");
    item.dataset.item = handle;
    const letter = Ranking.letterOf(handle);
    item.append(button("next", handle, letter, text("next", { letter }), "chip grip"));
    return item;
  }

  function row(handle, places, nth, index) {
    const letter = Ranking.letterOf(handle);
    const tied = nth > 0;
    const item = make("li", `row${tied ? " tied" : ""}${held === handle ? " held" : ""}`);
    item.dataset.item = handle;
    const chip = held && held !== handle
      ? putButton(places.get(handle), letter, "chip grip")
      : button("hold", handle, letter, text("pick", { letter }), "chip grip");
    if (chip.dataset.act === "hold") chip.setAttribute("aria-pressed", String(held === handle));
    const words = make("span", "row-text grip", first(handle));
    words.lang = Ranking.form().querySelector(".text").lang;
    words.setAttribute("aria-hidden", "true");
    const steps = make("span", "steps-of");
    steps.append(
      button("up", handle, "↑", text("up", { letter })),
      button("down", handle, "↓", text("down", { letter })),
      button("tie", handle, "=", text("tie", { letter })),
      button("out", handle, "×", text("out", { letter })),
    );
    steps.children[2].setAttribute("aria-pressed", String(tied));
    item.append(placeOf(places.get(handle), tied), chip, words, steps);
    return item;
  }

  function placeOf(place, tied) {
    const shown = make("span", "row-place", tied ? "=" : String(place));
    shown.setAttribute("aria-hidden", "true");
    const said = make("span", "visually-hidden", text("row", { place }));
    const both = make("span", "row-number");
    both.append(shown, said);
    return both;
  }

  function putButton(place, sign, className) {
    const label = text("put", { letter: Ranking.letterOf(held), place });
    const made = button("put", held, sign, label, className);
    made.dataset.place = place;
    return made;
  }

  function freeRow(place) {
    const item = make("li", "row free");
    if (held) item.append(putButton(place, String(place), "put"));
    else {
      const shown = make("span", "row-place row-number", String(place));
      shown.setAttribute("aria-hidden", "true");
      item.append(shown, make("span", "visually-hidden", text("empty", { place })));
    }
    return item;
  }

  function apply(places, handle) {
    Ranking.change(Ranking.withPlaces(places), () => Ranking.standing(handle));
  }

  const same = (a, b) => JSON.stringify([...a]) === JSON.stringify([...b]);

  function act(name, handle, data) {
    const places = Ranking.places();
    const values = { letter: Ranking.letterOf(handle) };
    if (name === "hold") return hold(handle);
    if (name === "put") {
      held = null;
      return apply(Order.put(places, handle, Number(data.place)), handle);
    }
    held = null;
    if (name === "next") return apply(Order.put(places, handle, Order.nextFree(places)), handle);
    if (name === "out") return apply(Order.out(places, handle), handle);
    const moved = Order[name](places, handle);
    if (!same(moved, places)) return apply(moved, handle);
    show();
    return Ranking.say(Ranking.words({ up: "top", down: "bottom", tie: "alone" }[name], values));
  }

  function hold(handle) {
    const values = { letter: Ranking.letterOf(handle) };
    held = held === handle ? null : handle;
    show();
    Ranking.say(Ranking.words(held ? "held" : "released", values));
  }

  function onClick(event) {
    const pressed = event.target.closest("[data-board] [data-act]");
    if (pressed) act(pressed.dataset.act, pressed.dataset.of, pressed.dataset);
    else onRow(event.target.closest("[data-board] [data-rows] > li"));
  }

  // With an answer picked up, the whole row is the place, not only its number.
  function onRow(pressed) {
    const put = pressed?.querySelector('[data-act="put"]');
    if (put) act("put", put.dataset.of, put.dataset);
  }

  // Dragging
  let library = null;
  function load() {
    library ??= new Promise((resolve) => {
      const script = document.createElement("script");
      script.src = board().dataset.sortable;
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => { // the next reach for the board tries again
        library = null;
        script.remove();
      });
      document.head.append(script);
    });
    library.then(makeSortable);
  }

  function makeSortable() {
    if (!board() || board().classList.contains("can-drag")) return;
    board().classList.add("can-drag");
    for (const list of board().querySelectorAll("[data-tray], [data-rows]")) {
      window.Sortable.create(list, {
        group: "order", handle: ".grip", draggable: "li", forceFallback: true, animation: 0,
        delay: 180, delayOnTouchOnly: true, fallbackTolerance: 4, onMove, onEnd,
      });
    }
  }

  // Nothing moves under the pointer: the place that would take the answer lights up.
  function onMove(event) {
    mark(event.to.matches("[data-tray]") ? event.to : event.related);
    return false;
  }

  function mark(element) {
    target?.classList.remove("is-target");
    target = element;
    target?.classList.add("is-target");
  }

  function onEnd(event) {
    const { item: handle } = event.item.dataset;
    const found = target;
    mark(null);
    if (!found || !handle) return;
    const places = Ranking.places();
    if (found.matches("[data-tray]")) apply(Order.out(places, handle), handle);
    else apply(Order.drop(places, handle, [...found.parentNode.children].indexOf(found)), handle);
  }

  document.addEventListener("click", onClick);
  document.addEventListener("pointerover", (event) => {
    if (event.target.closest?.("[data-board]")) load();
  });

  return { show };
})();
