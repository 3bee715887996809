// In a notebook: anywidget's model carries `data` here, `moved` back, and `problem`, a sentence to be read below.

export default {
  render({ model, el }) {
    // Out of reach of the notebook's style and, while the focus is in here, of its keys.
    const root = html("div", {}, el).attachShadow({ mode: "open" });
    el.dataset.lmSuppressShortcuts = "true";
    const host = { keys: el, script: async () => model.get("_esm") };
    const tell = (state) => { model.set("moved", state); model.save_changes(); };
    const draw = () => mount(root, model.get("data"), tell, host);
    const unmount = draw(), problem = html("p", { class: "problem", role: "alert" }, root);
    const say = () => write(problem, model.get("problem"));
    say();
    model.on("change:data", draw);
    model.on("change:problem", say);
    return () => { model.off("change:data", draw); model.off("change:problem", say); unmount(); };
  },
};
