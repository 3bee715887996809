// One act of a visitor is one step of the browser's Back: what the server writes into the address after it (the state that a
// page is opened with, a value put right) replaces the entry that the act made.

if (!window.pacvizTidy?.installed) {
  let acted = false;
  const push = history.pushState.bind(history);
  for (const kind of ["pointerdown", "keydown", "click", "input"]) addEventListener(kind, () => { acted = true; }, true);
  addEventListener("popstate", () => { acted = false; }, true);
  history.pushState = (...entry) => {
    if (acted) push(...entry); else history.replaceState(...entry);
    acted = false;
  };

  /** Goes to a query of the same page in place of the one that was opened. */
  const tidy = (query) => {
    const wanted = new URLSearchParams(query);
    for (const [name, value] of new URLSearchParams(location.search)) if (/^embed(_options)?$/i.test(name)) wanted.append(name, value);
    const text = wanted.toString();
    history.replaceState(history.state, "", `${location.pathname}${text && "?"}${text}${location.hash}`);
    dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
  };
  const early = window.pacvizTidy ?? [];
  window.pacvizTidy = { installed: true, push: tidy };
  early.forEach(tidy);
}
