// Rating by a slider whose number nobody sees. It starts untouched: no thumb, no value. The
// hidden input holds the score; the slider only shows it. Without this file it is a radio grid.
const Rating = (() => {
  const MOVING = /^(Arrow|Home|End|Page|Enter| )/;
  const inputOf = (box) => box.querySelector("[data-score]");
  const wordsOf = () => Ranking.form().dataset.words.split("|");

  function word(score) {
    const words = wordsOf();
    return words[Math.min(Math.floor(score * words.length / 100), words.length - 1)];
  }

  function wordOf(handle) {
    return word(Number(Ranking.read()[`score_${handle}`]));
  }

  function start(form) {
    for (const box of form.querySelectorAll("[data-rating]:not(.is-live)")) build(box);
  }

  function build(box) {
    const name = box.dataset.rating;
    const given = box.querySelector("input:checked");
    const input = Object.assign(document.createElement("input"), { type: "hidden", name });
    input.value = given ? given.value : "";
    input.dataset.score = "";
    const slider = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 100 });
    slider.setAttribute("aria-labelledby", `legend-${name}`);
    const said = document.createElement("p");
    said.className = "rating-word";
    said.setAttribute("aria-hidden", "true");
    box.querySelector(".steps").replaceWith(input, slider);
    box.append(said);
    box.classList.add("is-live");
    slider.addEventListener("input", () => touch(box, slider));
    // A press right where the slider stands, or a key that does not move it, is a rating too.
    slider.addEventListener("click", () => settle(box, slider));
    let pressed = false; // here: a key that was pressed on a link and let go here is no touch
    slider.addEventListener("keydown", (event) => {
      if (!MOVING.test(event.key)) return;
      pressed = true;
      if (event.key === "Enter") event.preventDefault(); // else it would send the form
      if (event.key === "Enter" || event.key === " ") settle(box, slider);
    });
    slider.addEventListener("keyup", (event) => {
      if (pressed && MOVING.test(event.key)) settle(box, slider);
      pressed = false;
    });
    slider.addEventListener("blur", () => { pressed = false; });
    slider.addEventListener("change", () => settle(box, slider));
  }

  // While the thumb moves only the word follows; the score is one step once it rests.
  function touch(box, slider) {
    paint(box, slider.value);
  }

  function settle(box, slider) {
    const input = inputOf(box);
    if (input.value === slider.value) return;
    input.value = slider.value;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function paint(box, value) {
    const slider = box.querySelector("input[type=range]");
    const text = value === "" ? Ranking.words("unrated") : word(Number(value));
    slider.classList.toggle("untouched", value === "");
    slider.setAttribute("aria-valuetext", text);
    box.querySelector(".rating-word").textContent = text;
  }

  function show() {
    for (const box of Ranking.form().querySelectorAll("[data-rating].is-live")) {
      const { value } = inputOf(box);
      box.querySelector("input[type=range]").value = value === "" ? 50 : value;
      paint(box, value);
    }
  }

  return { start, show, wordOf };
})();
