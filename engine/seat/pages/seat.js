// The page of a seat: it is told the whole state whenever it changes, and sends what is written.
"use strict";

(() => {
  const $ = (id) => document.getElementById(id);
  const { run, talk, part, partner, picture, longest } = $("seat").dataset;
  const me = windowName();
  const title = document.title;
  let feed = null;
  let asked = null;   // what is asked for now
  let sending = false;
  let done = false;   // nothing more will come

  const draft = (place) => "seat " + run + " " + place;
  const show = (id, yes) => { const part = $(id); if (part) part.hidden = !yes; };
  const tell = (text) => { const said = $("said"); if (said) said.textContent = text; };

  async function post(path, what) {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ window: me, ...what }),
    });
    const text = await answer.text();
    let told = text;
    try { told = JSON.parse(text).told; } catch { /* a plain sentence */ }
    return { ok: answer.ok, status: answer.status, told };
  }

  // Having the seat

  async function sit(take) {
    let answer;
    try { answer = await post("/sit", { take }); } catch { setTimeout(() => sit(take), 2000); return; }
    if (!answer.ok) return stand(answer.told);
    show("elsewhere", false);
    show("stage", true);
    listen();
  }

  function stand(why) {
    if (feed) feed.close();
    $("elsewhere-why").textContent = why + " One person at a time can play.";
    show("stage", false);
    show("elsewhere", true);
  }

  function listen() {
    if (feed) feed.close();
    feed = new EventSource("/feed?window=" + me + "&talk=" + talk);
    feed.addEventListener("state", (event) => heard(JSON.parse(event.data)));
    feed.addEventListener("stand", () => { feed.close(); sit(false); });  // whoever serves has begun anew
    feed.addEventListener("moved", () => stand("The seat was taken in another window."));
    feed.addEventListener("error", () => {
      if (done) { feed.close(); return; }
      if ($("waiting")) $("waiting").textContent = "The page does not hear from the program; it asks again.";
    });
  }

  // What is shown

  function heard(state) {
    if (!talk) { if (state.begun) location.reload(); return; }
    const list = $("turns");
    for (const turn of state.turns.slice(list.children.length)) {
      list.append(makeTurn(turn, part, partner, picture));
      if (turn.speaker !== part) list.lastElementChild.scrollIntoView({ block: "nearest" });
    }
    pose(state.asked);
    wait(state);
    judge(state.judged);
    show("next", state.next && !asked);
    if (state.finished) {
      $("leave").textContent = "Done: close the seat";
      document.querySelectorAll(".on").forEach((part) => { part.hidden = true; });
    }
    if (state.left) close();
  }

  function wait(state) {
    let text = "";
    if (state.failed) text = "This conversation could not go on: " + state.failed;
    else if (state.over && !state.judged && !asked) {
      text = "The conversation is over (" + state.turns.length + " turns, " + state.over + "). The jury reads it: " + state.votes[0] + " of " + state.votes[1] + " votes.";
    } else if (state.over) text = "The conversation is over: " + state.turns.length + " turns, " + state.over + ".";
    else if (!asked) text = (part === "patient" ? partner : "The patient") + " is writing…";
    if (state.interview) text += " Asked what it thinks, it says: " + state.interview + ".";
    if ($("waiting").textContent !== text) $("waiting").textContent = text;
  }

  function pose(now) {
    const place = now ? now.place : "";
    if (place === (asked ? asked.place : "")) { asked = now; return; }
    asked = now;
    tell("");
    show("say", Boolean(now) && now.role !== "interview");
    show("asked", Boolean(now) && now.role === "interview");
    document.title = (now ? "● Your turn · " : "") + title;
    if (!now) return;
    if (now.role === "interview") { restore(); $("asked-title").focus(); return; }
    $("text").value = drawer.get(draft(place));
    count();
    if (document.activeElement === document.body) $("text").focus({ preventScroll: true });  // whoever reads on is left alone
    $("say").scrollIntoView({ block: "nearest" });
  }

  function judge(judged) {
    if (!judged || $("scores").children.length) return;
    $("scores").append(...judged.map(makeDimension));
    show("verdict", true);
    if (!asked) $("verdict-title").focus();
  }

  function close() {
    done = true;
    feed.close();
    for (const id of ["say", "asked", "next"]) show(id, false);
    $("waiting").textContent = "";
    show("end", true);
    $("leave").disabled = true;
    $("end-title").focus();
  }

  // What is written

  function count() {
    const length = $("text").value.trim().length;
    const room = $("room");
    room.textContent = length ? length.toLocaleString("en") + " of " + Number(longest).toLocaleString("en") + " characters" : "";
    room.classList.toggle("over", length > longest);
  }

  async function send(what) {
    if (!asked || sending) return;
    sending = true;
    const place = asked.place;
    let answer;
    try { answer = await post("/say", { place, ...what }); } catch {
      answer = { ok: false, told: "The program does not answer. What you wrote is kept here; send it again in a moment." };
    }
    sending = false;
    if (answer.ok) { drawer.put(draft(place), ""); tell(""); } else tell(answer.told);
  }

  const differential = () => [...document.querySelectorAll(".may")].map(
    (row) => [row.querySelector(".condition").value, row.querySelector(".odds").value]);
  const urgency = () => (document.querySelector("input[name=urgency]:checked") || { value: "" }).value;

  function restore() {
    let held = {};
    try { held = JSON.parse(drawer.get(draft(asked.place)) || "{}"); } catch { /* nothing that can be read */ }
    [...document.querySelectorAll(".may")].forEach((row, at) => {
      const [condition, odds] = (held.differential || [])[at] || ["", ""];
      row.querySelector(".condition").value = condition;
      row.querySelector(".odds").value = odds;
    });
    const level = held.urgency && $(held.urgency);
    if (level) level.checked = true;
  }

  $("take").addEventListener("click", () => sit(true));
  if (talk) {
    $("text").addEventListener("input", () => { count(); if (asked) drawer.put(draft(asked.place), $("text").value); });
    $("text").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); send({ text: $("text").value }); }
    });
    $("say").addEventListener("submit", (event) => { event.preventDefault(); send({ text: $("text").value }); });
    if ($("last")) $("last").addEventListener("click", () => send({ text: $("text").value, last: true }));
    $("asked").addEventListener("input", () => {
      if (asked) drawer.put(draft(asked.place), JSON.stringify({ differential: differential(), urgency: urgency() }));
    });
    $("asked").addEventListener("submit", (event) => {
      event.preventDefault();
      send({ differential: differential(), urgency: urgency() });
    });
    $("skip").addEventListener("click", () => send({ skip: true }));
    $("leave").addEventListener("click", async () => {
      const answer = await post("/leave", {}).catch(() => ({ ok: true }));
      if (answer.ok) close(); else tell(answer.told);
    });
  }
  if (innerWidth < 960) document.querySelectorAll("details.sheet").forEach((sheet) => { sheet.open = false; });
  if (talk) history.replaceState(null, "", "/talk/" + talk);  // loaded anew, it is this conversation still
  sit(false);
})();
