// The guided tour: one preset and one sentence at a time.

/** The tour: a preset and a sentence a step; a question hides the numbers until it is answered. */
class Tour {
  constructor(host, steps, explorer) { Object.assign(this, { host, steps, explorer, revealed: new Set() }); }

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
    const shown = [step, asks].join(), focused = hasFocus(host);
    if (shown === this.shown) return;
    this.shown = shown;
    host.replaceChildren();
    if (!item) {
      if (focused) explorer.root.focus({ preventScroll: true });
      return;
    }
    html("b", { text: `${step} / ${steps.length}  ${item.title}` }, host);
    html("p", { text: asks ? item.question : item.sentence }, host);
    const bar = html("div", { class: "bar" }, host);
    if (asks)
      for (const answer of item.answers)
        html("button", { type: "button", text: answer, onclick: () => { this.revealed.add(step); this.show(step); } }, bar);
    html("button", { type: "button", text: "Back", disabled: step === 1, onclick: () => this.go(step - 1) }, bar);
    const next = html("button", { type: "button", class: "strong", text: step === steps.length ? "Finish" : "Next", onclick: () => this.go(step === steps.length ? 0 : step + 1) }, bar);
    html("button", { type: "button", text: "Leave the tour", onclick: () => this.go(0) }, bar);
    if (focused) next.focus({ preventScroll: true });
  }
}
