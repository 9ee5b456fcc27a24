// The page on which conversations are scored: one conversation and one question at a time, by keys or by touch.
// The same file runs on a server's page and in a folder opened from disk; only where a slip goes is different. What
// anybody said is in the page already; here it is never put in as anything but text.
"use strict";
(() => {
const byId = (id) => document.getElementById(id);
const state = JSON.parse(byId("state").textContent);
const cases = [...document.querySelectorAll(".case")];
const forms = [...document.querySelectorAll(".dimension")];
const STORE = `imcbench/${state.sheet}/${state.annotator}/${state.final ? "final" : "own"}`;
const IDLE = 120;  // seconds without a touch after which time is not counted
const WAIT = 700;  // ms after the last letter of a note
const AGAIN = 3000;  // ms until what could not be sent is sent again

const said = new Map();  // what is said of each subject, by "number/dimension"
const spent = new Map();  // seconds on each subject that are in no slip yet
let total = state.seconds, place = 0, tab = 0, seen = Date.now(), sending = false, timer = 0, waiting = [], unfiled = 0;
for (const mark of state.marks) said.set(`${mark.number}/${mark.dimension}`, mark.opinion);

// Where slips are kept until they are where they belong: all of them in a folder, those on the way on a server.
function kept() { try { return JSON.parse(localStorage.getItem(STORE)) || []; } catch { return []; } }
function keep() {
  const own = new Set(waiting.map((slip) => slip.key));  // a folder may be open twice
  if (state.offline) waiting = [...kept().filter((slip) => !own.has(slip.key)), ...waiting];
  try { localStorage.setItem(STORE, JSON.stringify(waiting)); return true; } catch { return false; }
}
waiting = kept();
for (const slip of waiting) {
  said.set(`${slip.number}/${slip.dimension}`, slip.opinion);
  total += slip.seconds;
}

const asked = (number) => state.asked ? state.asked[number] : state.dimensions;
const number = () => Number(cases[place].dataset.number);
const form = () => forms[tab];
const subject = () => `${number()}/${form().dataset.dimension}`;
const opinion = () => said.get(subject()) || { score: null, abstained: "", caps: [], note: "", card: false };
const settled = (one) => Boolean(one) && (one.score !== null || one.abstained !== "");
const done = (n) => asked(n).every((name) => settled(said.get(`${n}/${name}`)));
const random = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");

// Saving
function tell(text, failed = false) {
  byId("saved").textContent = text;
  byId("saved").classList.toggle("failed", failed);
}
function clock() { return new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }); }

function save(changes) {
  const key = subject(), next = { ...opinion(), ...changes };
  const card = cases[place].querySelector(".truth");
  next.card = next.card || card.open || card.dataset.opened === "yes";
  said.set(key, next);
  const seconds = Math.min(86400, Math.round((spent.get(key) || 0) * 10) / 10);
  spent.set(key, 0);
  const slip = { sheet: state.sheet, annotator: state.annotator, key: random(), number: number(),
    dimension: form().dataset.dimension, opinion: next, seconds, final: state.final };
  waiting.push(slip);
  total += seconds;
  const safe = keep();
  if (state.offline) {
    unfiled += 1;
    tell(safe ? `Kept in this browser ${clock()}` : "Not kept: this browser stores nothing. Save to a file now.", !safe);
  } else {
    tell("Saving …");
    send();
  }
  show();
}

async function send() {
  if (sending || state.offline || !waiting.length) return;
  sending = true;
  try {
    while (waiting.length) {
      const answer = await fetch("/marks", { method: "POST", body: JSON.stringify(waiting[0]),
        headers: { "Content-Type": "application/json" }, credentials: "same-origin" });
      if (answer.status === 400) {
        tell(`Not saved: ${(await answer.text()).trim()}`, true);
        waiting.shift();
        keep();
        continue;
      }
      if (!answer.ok) throw new Error((await answer.text()).trim().slice(0, 200));
      waiting.shift();
      keep();
      tell(`Saved ${clock()}`);
    }
  } catch (error) {
    const why = error instanceof TypeError ? "the program that keeps your scores does not answer" : error.message;
    tell(`Not saved yet: ${why}. Kept in this browser; trying again.`, true);
    setTimeout(send, AGAIN);
  } finally { sending = false; }
}

function download() {
  const text = waiting.map((slip) => JSON.stringify(slip) + "\n").join("");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" }));
  link.download = `${state.annotator}-${state.sheet}.jsonl`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  unfiled = 0;
  tell(`Saved to ${link.download}: send this file back`);
}

// Showing
function fill() {
  const one = opinion(), here = form(), turns = state.turns[number()];
  for (const radio of here.querySelectorAll("input[name=score]")) {
    radio.checked = radio.value === String(one.score) || (radio.value === "abstain" && one.abstained !== "");
  }
  const reason = here.elements.reason;
  reason.parentElement.parentElement.hidden = one.abstained === "";
  if (one.abstained) reason.value = one.abstained;
  here.elements.note.value = one.note;
  let least = 5, which = "";
  for (const box of here.querySelectorAll("input[name=cap]")) {
    const event = one.caps.find((cap) => cap.cap === box.value), at = box.closest(".cap");
    box.checked = Boolean(event);
    at.querySelector(".place").hidden = !event;
    if (event && Number(box.dataset.most) < least) [least, which] = [Number(box.dataset.most), box.value];
    const choice = at.querySelector("select"), quote = at.querySelector(".quote");
    choice.replaceChildren(...[0, ...turns].map((turn) => new Option(turn ? `turn ${turn}` : "never said anywhere", String(turn))));
    choice.value = String(event ? event.turn : 0);
    quote.textContent = event ? event.quote : "";
    quote.hidden = !event || !event.quote;
  }
  const excess = here.querySelector(".excess");
  if (excess) {
    excess.hidden = !(one.score !== null && one.score > least);
    excess.textContent = excess.hidden ? "" : `${which} lets this score ${least} at most: lower the score, or take ${which} off.`;
  }
  for (const others of here.querySelectorAll(".others")) others.hidden = Number(others.dataset.number) !== number();
}

function show() {
  const names = asked(number());
  if (!names.includes(form().dataset.dimension)) tab = forms.findIndex((one) => names.includes(one.dataset.dimension));
  cases.forEach((one, at) => { one.hidden = at !== place; });
  forms.forEach((one, at) => { one.hidden = at !== tab; });
  for (const button of document.querySelectorAll(".tab")) {
    const one = said.get(`${number()}/${button.dataset.tab}`);
    button.hidden = !names.includes(button.dataset.tab);
    button.setAttribute("aria-pressed", String(button.dataset.tab === form().dataset.dimension));
    button.querySelector(".given").textContent = !settled(one) ? "–" : one.score === null ? "c" : String(one.score);
  }
  const finished = cases.filter((one) => done(Number(one.dataset.number))).length;
  byId("bar").max = cases.length;
  byId("bar").value = finished;
  byId("progress").textContent = `${finished} of ${cases.length} done · ${Math.round(total / 60)} min`;
  [...byId("jump").options].forEach((option, at) => {
    option.textContent = `${at + 1} of ${cases.length}${done(Number(cases[at].dataset.number)) ? " ✓" : ""}`;
  });
  byId("jump").value = String(place);
  byId("previous").disabled = place === 0;
  byId("next").disabled = place === cases.length - 1;
  byId("back").disabled = place === 0 && tab === 0;
  byId("forward").textContent = step(1) === null ? (place === cases.length - 1 ? "Done" : "Next conversation") : "Next question";
  fill();
}

// Going about
function step(way) {
  const names = asked(number());
  for (let at = tab + way; at >= 0 && at < forms.length; at += way) if (names.includes(forms[at].dataset.dimension)) return at;
  return null;
}
function ask(at) { note(); tab = at; show(); byId("panel").scrollTop = 0; }
function go(at, last = false) {
  if (at < 0 || at >= cases.length) return;
  note();
  window.getSelection().removeAllRanges();
  place = at;
  tab = last ? forms.length - 1 : 0;
  show();
  const talk = cases[place].querySelector(".talk");
  window.scrollTo({ top: 0, behavior: "instant" });
  byId("panel").scrollTop = talk.scrollTop = 0;
  talk.focus({ preventScroll: true });
}
function forward() {
  const at = step(1);
  if (at !== null) ask(at); else go(place + 1);
}
function backward() {
  const at = step(-1);
  if (at !== null) ask(at); else if (place) { go(place - 1, true); }
}
function nextOpen() {
  for (let k = 1; k <= cases.length; k += 1) {
    const at = (place + k) % cases.length;
    if (!done(Number(cases[at].dataset.number))) return go(at);
  }
  tell("All conversations are scored. Thank you.");
}

// What is said
function give(value) {
  if (value === "abstain") save({ score: null, abstained: form().elements.reason.value });
  else save({ score: Number(value), abstained: "" });
}
function note() {
  clearTimeout(timer);
  const text = form().elements.note.value;
  if (text !== opinion().note) save({ note: text });
}
function marked() {
  const chosen = window.getSelection(), text = chosen.toString().trim();
  const from = chosen.anchorNode && (chosen.anchorNode.parentElement || chosen.anchorNode).closest(".case:not([hidden]) .turn");
  return text && from ? { turn: Number(from.id.split("-").pop()), quote: text.slice(0, 2000) } : { turn: 0, quote: "" };
}
function cap(box) {
  const others = opinion().caps.filter((one) => one.cap !== box.value);
  save({ caps: box.checked ? [...others, { cap: box.value, ...marked() }] : others });
}
function move(choice) {
  const key = choice.closest(".cap").querySelector("input").value;
  save({ caps: opinion().caps.map((one) => one.cap === key ? { cap: key, turn: Number(choice.value), quote: "" } : one) });
}

// The photograph, enlarged
function zoom() {
  const image = cases[place].querySelector(".zoom img");
  if (!image) return;
  const large = byId("enlarged");
  large.src = image.src;
  large.alt = image.alt;
  byId("lens").showModal();
  const view = large.parentElement, [w, h] = [Number(image.getAttribute("width")), Number(image.getAttribute("height"))];
  size(Math.max(1, Math.min(view.clientWidth / w, view.clientHeight / h)) * w);
}
function size(width) { byId("enlarged").width = Math.max(80, Math.min(8000, Math.round(width))); }

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const lens = byId("lens").open, writing = event.target.closest("textarea, select, dialog");
  if (event.key === "Escape" && event.target.closest("textarea, select")) { note(); event.target.blur(); return; }
  const acts = lens
    ? { "+": () => size(byId("enlarged").width * 1.3), "=": () => size(byId("enlarged").width * 1.3), "-": () => size(byId("enlarged").width / 1.3), z: () => byId("lens").close() }
    : writing ? {} : {
      Enter: event.target.closest("button, a, summary") ? null : forward, ArrowRight: forward, ArrowLeft: backward, n: () => go(place + 1), p: () => go(place - 1), o: nextOpen,
      c: () => give("abstain"), z: zoom, m: () => { unfold(true); form().elements.note.focus(); }, "?": explain,
      t: () => { const card = cases[place].querySelector(".truth"); card.open = !card.open; if (card.open) card.scrollIntoView({ block: "nearest" }); } };
  if (!lens && !writing && /^[1-5]$/.test(event.key)) acts[event.key] = () => give(event.key);
  const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (act) { event.preventDefault(); act(); }
}
function explain() { byId("manual").showModal(); byId("manual").scrollTop = 0; }
function unfold(open) {
  byId("panel").classList.toggle("folded", !open);
  byId("fold").setAttribute("aria-expanded", String(open));
}

function listen() {
  document.addEventListener("keydown", press);
  for (const kind of ["keydown", "pointerdown", "scroll", "pointermove"]) document.addEventListener(kind, () => { seen = Date.now(); }, { passive: true });
  setInterval(() => {
    if (document.visibilityState === "visible" && Date.now() - seen < IDLE * 1000) spent.set(subject(), (spent.get(subject()) || 0) + 1);
  }, 1000);
  for (const one of forms) {
    one.addEventListener("submit", (event) => event.preventDefault());
    one.addEventListener("change", ({ target }) => {
      if (target.name === "score") give(target.value);
      else if (target.name === "reason") give("abstain");
      else if (target.name === "cap") cap(target);
      else if (target.name === "turn") move(target);
    });
    one.elements.note.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(note, WAIT); });
    one.elements.note.addEventListener("blur", note);
  }
  const narrow = window.matchMedia("(max-width: 40rem)").matches;
  for (const one of cases) {
    if (narrow) one.querySelector(".record").open = false;
    one.querySelector(".zoom")?.addEventListener("click", zoom);
    one.querySelector(".truth").addEventListener("toggle", (event) => { if (event.target.open) event.target.dataset.opened = "yes"; });
  }
  for (const button of document.querySelectorAll(".tab")) {
    button.addEventListener("click", () => ask(forms.findIndex((one) => one.dataset.dimension === button.dataset.tab)));
  }
  const acts = { previous: () => go(place - 1), next: () => go(place + 1), back: backward, forward, shut: () => byId("lens").close(),
    larger: () => size(byId("enlarged").width * 1.3), smaller: () => size(byId("enlarged").width / 1.3),
    fold: () => unfold(byId("panel").classList.contains("folded")) };
  for (const [id, act] of Object.entries(acts)) byId(id).addEventListener("click", act);
  byId("jump").addEventListener("change", (event) => { go(Number(event.target.value)); event.target.blur(); });
  byId("download")?.addEventListener("click", download);
  window.addEventListener("pagehide", note);
  window.addEventListener("beforeunload", (event) => { if (unfiled) event.preventDefault(); });
}

byId("help").addEventListener("click", explain);
if (cases.length) {
  byId("jump").append(...cases.map((_, at) => new Option("", String(at))));
  listen();
  go(Math.max(0, cases.findIndex((one) => !done(Number(one.dataset.number)))));
  if (!said.size) explain();
  send();
}
})();
