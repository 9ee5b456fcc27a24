// A page that is open fetches itself anew when the run has grown, and only what differs is changed: nothing jumps, what
// is unfolded stays unfolded, and what is being typed stays. Text goes from one tree of nodes to the other; no text is
// ever read as markup here, and without this file every page works but for growing by itself.
"use strict";
const Page = (() => {
  const name = (node) => node.nodeType === 1 ? `${node.nodeName}#${node.id}` : String(node.nodeType);

  function dress(old, fresh) {
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !(name === "open" && old.nodeName !== "OPTION")) old.removeAttribute(name);
    }
    for (const { name, value } of [...fresh.attributes]) {
      if (name === "open" || old.getAttribute(name) === value) continue;
      old.setAttribute(name, value);
    }
    if (old === document.activeElement) return;
    if (old.nodeName === "INPUT") {
      if (old.type === "checkbox") old.checked = fresh.hasAttribute("checked");
      else old.value = fresh.getAttribute("value") || "";
    }
    if (old.nodeName === "OPTION") old.selected = fresh.hasAttribute("selected");
  }

  function change(old, fresh) {
    if (name(old) !== name(fresh)) { old.replaceWith(document.importNode(fresh, true)); return; }
    if (old.nodeType !== 1) { if (old.data !== fresh.data) old.data = fresh.data; return; }
    if (old.isEqualNode(fresh) && old.nodeName !== "FORM") return;
    dress(old, fresh);
    const named = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
    let at = old.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      const known = wanted.id ? named.get(wanted.id) : undefined;
      if (known) {
        if (known !== at) old.insertBefore(known, at); else at = at.nextSibling;
        change(known, wanted);
      } else if (at && !at.id && name(at) === name(wanted)) {
        const next = at.nextSibling;
        change(at, wanted);
        at = next;
      } else old.insertBefore(document.importNode(wanted, true), at);
    }
    while (at) { const next = at.nextSibling; at.remove(); at = next; }
  }

  // What stands first on the screen stays where it is.
  function steady(work) {
    const marks = [...document.querySelectorAll("#live .row, #live .turn, #live h2")];
    const first = marks.find((mark) => mark.getBoundingClientRect().top >= 0);
    const before = first && first.getBoundingClientRect().top;
    work();
    if (first && first.isConnected && window.scrollY > 0) window.scrollBy({ top: first.getBoundingClientRect().top - before, behavior: "instant" });
  }

  let asked = 0;
  async function fetchAnew(address, { keep = true } = {}) {
    const mine = ++asked;
    let answer;
    try { answer = await fetch(address, { headers: { Accept: "text/html" } }); } catch { return false; }
    const text = await answer.text();
    if (mine !== asked) return false;
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const live = document.getElementById("live"), wanted = fresh.getElementById("live");
    if (!live || !wanted) { location.assign(address); return true; }
    const work = () => {
      change(live, wanted);
      document.title = fresh.title;
      const note = document.querySelector("[data-part=reading]"), other = fresh.querySelector("[data-part=reading]");
      if (note && other) change(note, other); else if (note) note.remove();
    };
    if (keep) steady(work); else work();
    return true;
  }

  function listen() {
    const live = document.getElementById("live");
    if (!live || !live.dataset.feed || !window.EventSource) return;
    let busy = false, again = false;
    const follow = async () => {
      if (busy) { again = true; return; }
      busy = true;
      await fetchAnew(location.href);
      busy = false;
      if (again) { again = false; follow(); }
    };
    const feed = new EventSource(live.dataset.feed);
    feed.addEventListener("grown", (event) => {
      if (JSON.parse(event.data) !== document.getElementById("live").dataset.seen) follow();
    });
    window.addEventListener("pagehide", () => feed.close());
    window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  }

  document.addEventListener("DOMContentLoaded", listen);
  return { fetchAnew };
})();
