// In a notebook: anywidget's model carries `data` here and `moved` back.

export default {
  render({ model, el }) {
    // Out of reach of the notebook's style and, while the focus is in here, of its keyboard shortcuts.
    const root = html("div", { "data-lm-suppress-shortcuts": true }, el).attachShadow({ mode: "open" });
    // A kernel that is busy or gone gives no font, and the file is made without it.
    const font = () => new Promise((done) => {
      const answer = (message) => { model.off("msg:custom", answer); done(message?.font ?? ""); };
      model.on("msg:custom", answer);
      setTimeout(answer, 3000);
      try { model.send("font"); } catch { answer(); }
    });
    const host = { keys: el, script: async () => model.get("_esm"), font };
    const tell = (state) => { model.set("moved", state); model.save_changes(); };
    const draw = () => mount(root, model.get("data"), tell, host);
    model.on("change:data", draw);
    const unmount = draw();
    return () => { model.off("change:data", draw); unmount(); };
  },
};
