// Sends form[data-draft] until it has arrived: after a lost connection, or a server that is
// just restarting, it tries again by itself. Meanwhile the form rests as it was sent, because
// the first attempt may have been stored; repeating it changes nothing then. If it takes long,
// the form is hers again, with a button to try at once: [data-send-again].
(() => {
  const PATIENCE = 45_000, LONGEST_WAIT = 30_000, TRIES_AT_REST = 5;
  const sending = new Map(); // form element -> { button, tries, timer }

  const show = (state) => document.dispatchEvent(new CustomEvent("plurivox:state", { detail: state }));
  const tell = (form, name) => form.dispatchEvent(new CustomEvent(name, { bubbles: true }));

  function start(form, button) {
    const now = sending.get(form) ?? { button, tries: 0, timer: 0 };
    clearTimeout(now.timer);
    now.timer = 0;
    now.button = button ?? now.button;
    sending.set(form, now);
    tell(form, "plurivox:send");
    if (!now.tries) show("sending");
  }

  function finish(form, status) {
    if (!sending.has(form)) return;
    if (status === 0 || status >= 500) {
      again(form);
      return;
    }
    sending.delete(form);
    form.inert = false;
    offer();
    if (status >= 200 && status < 300) tell(form, "plurivox:sent");
    else if (status !== 401 && status !== 403 && status !== 422) show("refused");
  }

  function again(form) {
    const now = sending.get(form);
    now.tries += 1;
    form.inert = now.tries < TRIES_AT_REST;
    show("unsent");
    offer();
    now.timer = setTimeout(() => repeat(form), Math.min(LONGEST_WAIT, 1000 * 2 ** Math.min(now.tries, 6)));
  }
  function repeat(form) {
    const now = sending.get(form);
    clearTimeout(now.timer);
    if (form.isConnected) form.requestSubmit(now.button);
    else sending.delete(form);
  }
  function offer() {
    const button = document.querySelector("[data-send-again]");
    if (button) button.hidden = ![...sending.values()].some((now) => now.tries >= TRIES_AT_REST);
  }
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-send-again]")) return;
    for (const [form, now] of sending) if (now.timer) repeat(form);
  });
  addEventListener("online", () => {
    for (const [form, now] of sending) if (now.timer) repeat(form);
  });

  // -- forms that htmx sends
  const buttons = new WeakMap();
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-draft]")) return;
    buttons.set(event.target, event.submitter);
    if (!event.target.hasAttribute("hx-post")) sendPlain(event);
  }, true);
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.matches("form[data-draft]")) event.detail.timeout = PATIENCE;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.matches("form[data-draft]")) start(event.target, buttons.get(event.target));
  });
  // While a form is on its way nothing else asks where she stands: its own answer says so, and
  // one that leads to a whole page would take away what that answer has just put in place.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const onTheirWay = [...sending].some(([form, now]) => form.isConnected && !now.timer);
    if (event.target.matches(".next-answers") && onTheirWay) event.preventDefault();
  });
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:sendAbort"]) {
    document.addEventListener(name, (event) => finish(event.target, 0));
  }
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    finish(event.target, event.detail.xhr.status);
  });

  // -- forms that the browser itself would send: the same, then the page that answers
  async function sendPlain(event) {
    const form = event.target;
    event.preventDefault();
    start(form, event.submitter);
    let response;
    try {
      response = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form, event.submitter)),
        signal: AbortSignal.timeout(PATIENCE),
      });
    } catch {
      finish(form, 0);
      return;
    }
    const lost = new URL(response.url).pathname === document.querySelector("[data-save-state]")?.dataset.noSession;
    finish(form, lost ? 401 : response.status);
    if (response.ok) location.assign(response.url);
    else if (response.status < 500) form.submit(); // its answer is a page: what is missing
  }
})();
