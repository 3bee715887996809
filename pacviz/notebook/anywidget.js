// In a notebook: anywidget's model carries `data` here and `moved` back.

export default {
  render({ model, el }) {
    // Out of reach of the notebook's style and, while the focus is in here, of its keyboard shortcuts.
    const root = html("div", { "data-lm-suppress-shortcuts": true }, el).attachShadow({ mode: "open" });
    const font = () => new Promise((done) => {
      const answer = (message) => { model.off("msg:custom", answer); done(message.font ?? ""); };
      model.on("msg:custom", answer);
      model.send("font");
    });
    const host = { keys: el, script: async () => model.get("_esm"), font };
    const tell = (state) => { model.set("moved", state); model.save_changes(); };
    const draw = () => mount(root, model.get("data"), tell, host);
    model.on("change:data", draw);
    const unmount = draw();
    return () => { model.off("change:data", draw); unmount(); };
  },
};
