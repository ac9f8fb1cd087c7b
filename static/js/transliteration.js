// Typing Hindi with Latin letters: a finished word becomes Devanagari in the text area itself.
// Off until somebody switches it on; only then the library and the word list are fetched. The
// choice is remembered on this device. Backspace right after a word gives the Latin word back,
// and a word given back is left alone. Reads `input` events alone, so phones' keyboards work too.

const STORED = "plurivox-hindi-latin";
const FINISHES = /[\s,!?;)\]}"'”’…।–—-]/;
// A full stop or colon may belong to an address: it finishes a word once a space follows it.
const WORD = /(?:^|[^0-9A-Za-z@._/#:'’-]|[\u0900-\u097f]-)([A-Za-z]+)([.:]*)$/;

let spelling = null; // a promise of (word) => Devanagari or null
let convert = null; // what it gave
let speaking = false; // while this file changes a text area
const latest = new WeakMap(); // the word converted last in a text area
const kept = new WeakMap(); // the words given back there: where, and what

function isOn() {
  try {
    return localStorage.getItem(STORED) === "on";
  } catch {
    return document.querySelector("[data-transliterate]:checked") !== null;
  }
}

function remember(on) {
  try {
    localStorage.setItem(STORED, on ? "on" : "off");
  } catch {
    // Storage is closed: the choice holds for this page.
  }
}

function loadScript(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
}

function load(toggle) {
  spelling ||= Promise.all([import(toggle.dataset.words), loadScript(toggle.dataset.library)])
    .then(([words]) => (word) => words.spell(word, window.Sanscript))
    .catch((problem) => {
      spelling = null; // tried again at the next switch
      throw problem;
    });
  return spelling;
}

async function apply(on) {
  const toggles = [...document.querySelectorAll("[data-transliterate]")];
  for (const toggle of toggles) toggle.checked = on;
  convert = null;
  if (!on || !toggles.length) return;
  try {
    convert = await load(toggles[0]);
  } catch {
    for (const toggle of document.querySelectorAll("[data-transliterate]")) toggle.checked = false;
  }
}

function textAreaOf(target) {
  if (!(target instanceof HTMLTextAreaElement)) return null;
  const question = target.closest(".question");
  return question && question.querySelector("[data-transliterate]:checked") ? target : null;
}

function put(area, text, start, end) {
  speaking = true;
  area.setRangeText(text, start, end, "preserve");
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.dispatchEvent(new Event("change", { bubbles: true }));
  speaking = false;
}

function wasGivenBack(area, start, word) {
  return (kept.get(area) || []).some((back) => back.start === start && back.word === word);
}

// Converts the word that ends at `end`; whatever stands behind it keeps its distance.
function convertBefore(area, end) {
  const found = area.value.slice(0, end).match(WORD);
  if (!found) return;
  const [, word, stops] = found;
  const start = end - stops.length - word.length;
  const hindi = wasGivenBack(area, start, word) ? null : convert(word);
  if (hindi === null) return;
  const caret = area.selectionEnd + hindi.length - word.length;
  put(area, hindi, start, start + word.length);
  if (document.activeElement === area) area.setSelectionRange(caret, caret);
  latest.set(area, { start, word, hindi, stops });
}

function giveBack(area, last) {
  const end = last.start + last.hindi.length;
  if (area.selectionEnd !== end + last.stops.length || area.value.slice(last.start, end) !== last.hindi) return;
  put(area, last.word, last.start, end);
  const caret = last.start + last.word.length + last.stops.length;
  area.setSelectionRange(caret, caret);
  kept.set(area, [...(kept.get(area) || []), { start: last.start, word: last.word }]);
}

document.addEventListener("input", (event) => {
  const area = textAreaOf(event.target);
  if (!area || !convert || speaking || event.isComposing) return;
  const last = latest.get(area);
  latest.delete(area);
  if (event.inputType === "deleteContentBackward") {
    if (last) giveBack(area, last);
    return;
  }
  const pasted = /Paste|Drop|history/.test(event.inputType || "");
  const caret = area.selectionEnd;
  if (!pasted && caret > 0 && FINISHES.test(area.value[caret - 1])) convertBefore(area, caret - 1);
});

// Some phones end a word and type the space in one composition.
document.addEventListener("compositionend", (event) => {
  const area = textAreaOf(event.target);
  if (!area || !convert) return;
  const caret = area.selectionEnd;
  if (caret > 0 && FINISHES.test(area.value[caret - 1])) convertBefore(area, caret - 1);
});

// The last word has nothing behind it: it is finished when the text area is left.
document.addEventListener("focusout", (event) => {
  const area = textAreaOf(event.target);
  if (area && convert && area.selectionEnd === area.value.length) {
    convertBefore(area, area.value.length);
  }
});

// The switch is no answer to the question it stands in: nobody else hears of it.
function hearSwitch(event) {
  if (!event.target.matches("[data-transliterate]")) return;
  event.stopPropagation();
  if (event.type === "input") return;
  remember(event.target.checked);
  apply(event.target.checked);
}
document.addEventListener("input", hearSwitch, true);
document.addEventListener("change", hearSwitch, true);
const start = () => apply(isOn());
document.addEventListener("DOMContentLoaded", () => {
  // Switched on before this file had come.
  if (document.querySelector("[data-transliterate]:checked")) remember(true);
  start();
});
document.addEventListener("htmx:afterSettle", start);
