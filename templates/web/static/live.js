// The preferences page: when something is changed, today's digest is asked for again and put in its place.
// Without this file the button "Show me" does the same.
"use strict";
(() => {
  const form = document.getElementById("choices");
  const box = document.getElementById("preview");
  const state = document.getElementById("state");
  if (!form || !box || !window.fetch || !window.AbortController || !window.FormData) return;

  const PAUSE = 500; // milliseconds after the last key
  const TRIES = 6; // times that a preview is asked for again while it is being prepared
  let timer = 0;
  let asked = null;
  let changed = false;

  const say = (text) => {
    if (state) state.textContent = [changed ? "Not saved yet." : "", text].filter(Boolean).join(" ");
  };

  async function show(tries) {
    if (asked) asked.abort();
    const mine = new AbortController();
    asked = mine;
    box.setAttribute("aria-busy", "true");
    const late = setTimeout(() => mine.abort(), 30000);
    try {
      const answer = await fetch(form.dataset.preview, {
        method: "POST", body: new FormData(form), signal: mine.signal,
        credentials: "omit", cache: "no-store", redirect: "error",
      });
      const text = await answer.text();
      if (asked !== mine) return;
      if (answer.ok) {
        box.innerHTML = text;
        const summary = box.querySelector("[data-summary]");
        say(summary ? `${summary.dataset.summary}.` : "");
      } else if ((answer.status === 503 || answer.status === 429) && tries > 0) {
        say(text);
        timer = setTimeout(() => show(tries - 1), 1000 * (Number(answer.headers.get("Retry-After")) || 3));
      } else {
        say("The preview could not be made anew; it shows what it showed before.");
      }
    } catch (error) {
      if (asked === mine) say("The preview could not be made anew; it shows what it showed before.");
    } finally {
      clearTimeout(late);
      if (asked === mine) box.removeAttribute("aria-busy");
    }
  }

  const later = () => {
    changed = true;
    say("");
    clearTimeout(timer);
    timer = setTimeout(() => show(TRIES), PAUSE);
  };
  if (!("fixed" in form.dataset)) {
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    const button = document.getElementById("show");
    const head = document.getElementById("preview-head");
    if (button && head) button.addEventListener("click", (event) => {
      event.preventDefault();
      clearTimeout(timer);
      show(TRIES);
      head.scrollIntoView();
      head.focus({ preventScroll: true });
    });
    form.addEventListener("submit", () => { clearTimeout(timer); if (asked) asked.abort(); });
  }
  if (Number(form.dataset.again)) timer = setTimeout(() => show(TRIES), 1000 * Number(form.dataset.again));
})();
