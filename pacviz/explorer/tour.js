// The guided tour: one preset and one sentence at a time.

/** The tour: a preset and a sentence a step; a question hides the numbers until it is answered. */
class Tour {
  constructor(host, steps, explorer) { Object.assign(this, { host, steps, explorer, revealed: new Set(), given: new Map(), answers: new Map() }); }

  go(step) {
    const { explorer, steps } = this, index = Math.max(0, Math.min(step, steps.length));
    if (!index) { explorer.apply({ tour: 0 }); return; }
    explorer.state.tour = index;
    explorer.preset(steps[index - 1]);
  }

  show(step) {
    const { host, steps, explorer } = this, item = steps[step - 1];
    host.hidden = !item || !explorer.shown("tour");
    const asks = Boolean(item?.question && !this.revealed.has(step));
    explorer.root.classList.toggle("asking", asks);
    // As it was when it was asked: a slider may have been moved since.
    const answer = asks || !item?.question ? null : this.answers.get(step) ?? explorer.answer(step);
    if (answer) this.answers.set(step, answer);
    const shown = [step, asks, answer?.says].join();
    // Whoever starts the tour by its button goes on by keys: the button is out of sight from now on.
    const focused = hasFocus(host) || (Boolean(item) && hasFocus(explorer.presets));
    if (shown === this.shown) return;
    this.shown = shown;
    host.replaceChildren();
    if (!item) {
      if (focused) explorer.root.focus({ preventScroll: true });
      return;
    }
    html("b", { text: `${step} / ${steps.length}  ${item.title}` }, host);
    const given = this.given.get(step);
    const verdict = answer && given !== undefined ? (given === answer.right ? "Right. " : `Not so: ${item.answers[answer.right].toLowerCase()}. `) : "";
    html("p", { text: asks ? item.question : `${verdict}${item.sentence}${answer ? ` ${answer.says}` : ""}`, "data-verdict": verdict ? String(given === answer.right) : null }, host);
    const bar = html("div", { class: "bar" }, host);
    if (asks)
      item.answers.forEach((answer, index) => html("button", {
        type: "button", text: answer, onclick: () => { this.revealed.add(step); this.given.set(step, index); this.show(step); },
      }, bar));
    html("button", { type: "button", text: "Back", disabled: step === 1, onclick: () => this.go(step - 1) }, bar);
    const next = html("button", { type: "button", class: "strong", text: step === steps.length ? "Finish" : "Next", onclick: () => this.go(step === steps.length ? 0 : step + 1) }, bar);
    html("button", { type: "button", text: "Leave the tour", onclick: () => this.go(0) }, bar);
    if (focused) next.focus({ preventScroll: true });
  }
}
