// Keeps what is entered into form[data-draft]: at once in this browser, after a short pause
// on the server. The server's copy is the one that other devices see; the browser's holds
// what the server has not confirmed yet, and is deleted when it has.
(() => {
  const KEPT = "plurivox:draft:"; // then whose it is, then the path: a browser may be shared
  const PAUSE = 800, PATIENCE = 15_000, LONGEST_WAIT = 30_000, FORGET_AFTER = 30 * 24 * 3600e3;
  const NOT_KEPT = new Set(["csrfmiddlewaretoken", "confirm", "submission_key"]);
  // Measured, not entered: saved along with the rest, never a reason to ask anybody anything.
  const MEASURED = /^(seen_|layout$|viewport$|pasted$)/;
  const drafts = new Map(); // form element -> its draft

  const line = () => document.querySelector("[data-save-state]");
  const show = (state) => document.dispatchEvent(new CustomEvent("plurivox:state", { detail: state }));
  const same = (a, b) => JSON.stringify(entered(a)) === JSON.stringify(entered(b));
  const entered = (fields) => Object.entries(fields).filter(([name]) => !MEASURED.test(name)).sort();

  function read(form) {
    const fields = {};
    for (const [name, value] of new FormData(form)) {
      if (!NOT_KEPT.has(name) && typeof value === "string" && value !== "") {
        fields[name] = value.replace(/\r\n?/g, "\n");
      }
    }
    return fields;
  }

  const inputs = (form) => [...form.elements].filter(
    (input) => input.name && !NOT_KEPT.has(input.name) && input.type !== "submit",
  );
  const picks = (input) => input.type === "radio" || input.type === "checkbox";
  const blank = (fields) => Object.fromEntries(Object.keys(fields).map((name) => [name, ""]));

  // What the server put into the form, whatever was typed before this file had arrived.
  function readRendered(form) {
    const fields = {};
    for (const input of inputs(form)) {
      const value = picks(input) ? input.defaultChecked && input.value : input.defaultValue;
      if (value) fields[input.name] = value.replace(/\r\n?/g, "\n");
    }
    return fields;
  }

  // All values first, then the events: who listens sees one whole state.
  function write(form, fields) {
    const changed = [];
    for (const input of inputs(form)) {
      const value = fields[input.name] ?? "";
      if (picks(input) ? input.checked === (input.value === value) : input.value === value) continue;
      if (picks(input)) input.checked = input.value === value;
      else input.value = value;
      changed.push(input);
    }
    form.dispatchEvent(new CustomEvent("plurivox:restored", { bubbles: true }));
    for (const input of changed) input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // -- the copy in this browser: false where the browser refuses to keep one
  function keep(draft) {
    const copy = { fields: read(draft.form), base: draft.revision, tried: draft.tried, at: Date.now() };
    try {
      localStorage.setItem(draft.kept, JSON.stringify(copy));
      return true;
    } catch {
      return false;
    }
  }
  function drop(draft) {
    try { localStorage.removeItem(draft.kept); } catch { /* nothing is kept here */ }
  }
  function recall(kept) {
    try { return JSON.parse(localStorage.getItem(kept)); } catch { return null; }
  }
  function dropOld() {
    try {
      for (const kept of Object.keys(localStorage).filter((key) => key.startsWith(KEPT))) {
        if (!(recall(kept)?.at > Date.now() - FORGET_AFTER)) drop({ kept });
      }
    } catch { /* nothing is kept here */ }
  }

  // -- a form appears: what stands in it came from the server
  function begin(form) {
    const rendered = readRendered(form);
    const early = Object.entries({ ...blank(rendered), ...read(form) }).filter(
      ([name, value]) => value !== (rendered[name] ?? ""),
    );
    const path = new URL(form.action).pathname;
    const kept = `${KEPT}${form.dataset.draftOf}:${path}`;
    const copy = recall(kept);
    // What a page sends as it is left arrives after the next one was written: then it is our own.
    const draft = {
      form, path, kept, revision: Number(form.dataset.draftRevision),
      stored: rendered, tried: copy?.tried ?? [], tries: 0, timer: 0, busy: false,
      held: false, over: false, other: null,
    };
    drafts.set(form, draft);
    if ("draftChanged" in form.dataset) { // refused: what was sent stands here, and is newest
      draft.stored = {};
      touched(draft);
    } else if (copy && !same(copy.fields, rendered)) {
      const known = copy.base === draft.revision || draft.revision === 0;
      const newer = { revision: draft.revision, fields: rendered };
      if (!known && !copy.tried.some((fields) => same(fields, rendered))) {
        draft.revision = copy.base;
        disagree(draft, newer);
      }
      write(form, { ...copy.fields, ...Object.fromEntries(early) });
      touched(draft);
    } else if (early.length) {
      touched(draft);
    } else if (copy) {
      drop(draft);
      show("saved");
    } else if (draft.revision) {
      show("saved");
    }
  }

  function touched(draft) {
    if (draft.over) return;
    clearTimeout(draft.timer);
    if (draft.held || draft.other) return void keep(draft);
    if (same(read(draft.form), draft.stored) && !draft.busy) {
      drop(draft);
      draft.tries = 0;
      if (draft.revision) show("saved");
      return;
    }
    keep(draft);
    draft.timer = setTimeout(() => save(draft), draft.tries ? wait(draft) : PAUSE);
    if (!draft.tries) show("saving");
  }

  // -- saving
  async function save(draft, leaving = false) {
    clearTimeout(draft.timer);
    if (draft.held || draft.over || draft.other || !draft.form.isConnected) return;
    if (draft.busy && !leaving) return;
    const fields = read(draft.form);
    draft.busy = true;
    draft.tried = [...draft.tried.slice(-4), fields];
    keep(draft);
    let answer;
    try {
      const response = await fetch(line().dataset.url, {
        method: "POST",
        keepalive: leaving,
        signal: leaving ? undefined : AbortSignal.timeout(PATIENCE),
        headers: {
          "Accept": "application/json", "Content-Type": "application/json",
          "X-CSRFToken": draft.form.elements.csrfmiddlewaretoken.value,
        },
        body: JSON.stringify({ key: draft.path, fields, revision: draft.revision }),
      });
      answer = { status: response.status, ...(await response.json().catch(() => ({}))) };
    } catch {
      answer = { status: 0 };
    }
    draft.busy = false;
    if (!draft.held && draft.form.isConnected) settle(draft, fields, answer);
  }

  function settle(draft, fields, answer) {
    if (answer.status === 200) {
      Object.assign(draft, { revision: answer.revision, stored: fields, tried: [], tries: 0 });
      touched(draft); // more may have been entered meanwhile
    } else if (answer.status === 409) {
      meet(draft, answer);
    } else if (answer.status === 403 && answer.token && draft.tries < 3) {
      for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) {
        input.value = answer.token;
      }
      draft.tries += 1;
      save(draft);
    } else if (answer.status === 401) {
      show("signed-out");
    } else if (answer.status === 404 || answer.status === 410) {
      draft.over = true;
      drop(draft);
      show("ended");
    } else if (answer.status === 400 || answer.status === 413) {
      show(keep(draft) ? "local" : "unkept");
    } else {
      draft.tries += 1;
      draft.timer = setTimeout(() => save(draft), wait(draft));
      show(keep(draft) ? "offline" : "unkept");
    }
  }
  const wait = (draft) => Math.min(LONGEST_WAIT, 1000 * 2 ** Math.min(draft.tries, 6));

  // A newer one is stored: our own, whose answer got lost, or that of another device?
  function meet(draft, newer) {
    const ours = [draft.stored, ...draft.tried.slice(0, -1)];
    if (ours.some((fields) => same(fields, newer.fields))) {
      Object.assign(draft, { revision: newer.revision, stored: newer.fields });
      save(draft);
    } else if (same(read(draft.form), draft.stored)) {
      Object.assign(draft, { revision: newer.revision, stored: newer.fields, tried: [] });
      write(draft.form, newer.fields); // nothing was entered here: nothing to choose
    } else {
      disagree(draft, newer);
    }
  }

  // What this device has stays on the page until she chooses.
  function disagree(draft, newer) {
    draft.other = newer;
    show("conflict");
  }
  function decide(take) {
    for (const draft of drafts.values()) {
      if (!draft.other) continue;
      const { revision, fields } = draft.other;
      Object.assign(draft, { revision, stored: fields, tried: [], other: null });
      if (take) write(draft.form, fields);
      touched(draft);
    }
  }

  // -- what happens on the page
  const entering = (event) => {
    const draft = drafts.get(event.target.form);
    if (!draft) return;
    if (!MEASURED.test(event.target.name)) touched(draft);
  };
  function look() {
    for (const form of drafts.keys()) if (!form.isConnected) drafts.delete(form);
    for (const form of document.querySelectorAll("form[data-draft]")) {
      if (!drafts.has(form)) begin(form);
    }
  }
  function leave() {
    for (const draft of drafts.values()) {
      if (JSON.stringify(read(draft.form)) !== JSON.stringify(draft.stored)) save(draft, true);
    }
  }
  document.addEventListener("input", entering);
  document.addEventListener("change", entering);
  document.addEventListener("DOMContentLoaded", () => { dropOld(); look(); });
  document.addEventListener("htmx:afterSettle", look);
  document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); });
  addEventListener("pagehide", leave);
  addEventListener("online", () => {
    for (const draft of drafts.values()) if (draft.tries) save(draft);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-take-other]")) decide(true);
    if (event.target.closest("[data-keep-mine]")) decide(false);
  });

  // -- while it is being sent (sending.js), saving rests; the browser's copy stays until it is
  document.addEventListener("plurivox:send", (event) => {
    const draft = drafts.get(event.target);
    if (!draft) return;
    clearTimeout(draft.timer);
    draft.held = true;
    keep(draft);
  });
  document.addEventListener("plurivox:sent", (event) => {
    const draft = drafts.get(event.target);
    if (!draft) return;
    drop(draft);
    drafts.delete(event.target);
    show("");
  });
})();
