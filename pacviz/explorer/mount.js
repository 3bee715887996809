// The door: one explorer an element, made when it is first asked for.

const explorers = new WeakMap();
const ALONE = { keys: document, script: async () => (await fetch(import.meta.url)).text() };

/**
 * Shows the explorer in an element, or brings the one there up to date.  data: of `payload` in Python.  onChange: told
 * the state when a slider is let go, with a number `seq` that the next data carries as `echo`; null where nobody listens.
 * host: where the keys of the tour are heard, and the text of this script.
 */
export function mount(element, data, onChange, host = ALONE) {
  if (!explorers.has(element)) explorers.set(element, new Explorer(element, host));
  const explorer = explorers.get(element);
  explorer.receive(data, onChange);
  // An outdated call may be told to clean up although the element lives on.
  return () => setTimeout(() => {
    if (explorer.root.isConnected) return;
    explorer.destroy();
    explorers.delete(element);
  });
}
