// What the page is built of. Everything that somebody said goes in as text, never as markup.
"use strict";

function make(tag, kind, text) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
}

function makeTurn(turn, part, partner, picture) {
  const item = make("li", "turn " + (turn.speaker === "patient" ? "patient" : "assistant"));
  item.id = "t-" + turn.index;
  const who = make("p", "who");
  const name = turn.speaker === part ? "You" : part === "patient" ? partner : "Patient";
  who.append(make("span", "speaker", name), " ");
  const count = make("a", "count", String(turn.index));
  count.href = "#t-" + turn.index;
  count.setAttribute("aria-label", "turn " + turn.index);
  who.append(count);
  item.append(who);
  if (turn.photo) {
    const shown = make("p", "shown");
    shown.append(make("span", "chip", "shows a " + picture));
    item.append(shown);
  }
  const said = make("div", "said", turn.text);
  said.dir = "auto";
  item.append(said);
  return item;
}

function makeScore(value, digits) {
  if (value === null) return make("span", "score none", "–");
  const level = Math.min(5, Math.max(1, Math.round(value)));
  return make("span", "score s" + level, Number.isInteger(value) ? String(value) : value.toFixed(digits));
}

function makeDimension(judged) {
  const card = make("section", "card");
  const title = make("h3", "", judged.dimension + " ");
  title.append(makeScore(judged.mean, 1));
  card.append(title);
  for (const vote of judged.votes) {
    const line = make("p");
    const word = vote.score === null ? "abstained (" + vote.status + ")" : vote.score + " of 5";
    line.append(make("strong", "", vote.juror + ": " + word));
    if (vote.own) line.append(make("span", "soft", " own family, does not count"));
    line.append(document.createElement("br"), vote.why);
    card.append(line);
    if (vote.quotes.length) card.append(make("p", "quote", vote.quotes[0]));
  }
  return card;
}

// A drawer of the browser's for drafts; one that is locked holds nothing, and nothing breaks.
const drawer = {
  get(key) { try { return localStorage.getItem(key) || ""; } catch { return ""; } },
  put(key, text) { try { text ? localStorage.setItem(key, text) : localStorage.removeItem(key); } catch { /* locked */ } },
};

// The name of this window, kept while it is loaded anew.
function windowName() {
  const fresh = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
  try {
    const held = sessionStorage.getItem("window") || fresh;
    sessionStorage.setItem("window", held);
    return held;
  } catch { return fresh; }
}
