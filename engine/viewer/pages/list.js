// The list: filters as one types, and keys. The address always says what is shown, so it can be sent on and gone back to.
"use strict";
(() => {
  const form = document.getElementById("view");
  const PAUSE = 180;
  let waiting = 0, typing = "";

  function address() {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (value !== "" && !(name === "sort" && value === "place")) query.append(name, value);
    }
    const text = query.toString();
    return text ? `/?${text}` : "/";
  }

  function show(field) {
    const to = address();
    if (to === location.pathname + location.search) return;
    // A word being typed is one step back, however many letters it has.
    if (field && field === typing) history.replaceState(null, "", to); else history.pushState(null, "", to);
    typing = field;
    Page.fetchAnew(to, { keep: false });
  }

  form.addEventListener("input", (event) => {
    clearTimeout(waiting);
    const typed = ["search", "number"].includes(event.target.type);
    waiting = setTimeout(() => show(typed ? event.target.name : ""), typed ? PAUSE : 0);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(waiting); show(""); });
  form.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    const plain = link && !event.metaKey && !event.ctrlKey && !event.shiftKey && event.button === 0;
    if (!plain || link.origin !== location.origin || link.pathname !== "/") return;
    event.preventDefault();
    typing = "";
    history.pushState(null, "", link.href);
    Page.fetchAnew(link.href, { keep: false });
    if (link.rel) window.scrollTo({ top: form.offsetTop, behavior: "instant" });
  });
  window.addEventListener("popstate", () => { typing = ""; document.activeElement.blur(); Page.fetchAnew(location.href, { keep: false }); });

  function step(by) {
    const rows = [...document.querySelectorAll(".rows .go")];
    if (!rows.length) return;
    const now = rows.indexOf(document.activeElement);
    const to = rows[Math.min(Math.max(now + by, 0), rows.length - 1)];
    to.focus();
    to.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typed = event.target.matches("input:not([type=checkbox]), select, textarea");
    if (event.key === "Escape" && typed) event.target.blur();
    if (typed) return;
    if (event.key === "/") { event.preventDefault(); const q = document.getElementById("q"); q.focus(); q.select(); }
    if (event.key === "j") step(1);
    if (event.key === "k") step(-1);
  });
})();
