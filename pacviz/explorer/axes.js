// The axes that curves can run along: where a value lies, which ticks, what the chart says.

/** Pixels that the charts leave to the tour, so that a step and its charts are on one screen. */
const TOURING = 96;
const CHARTS = { errors: 336, waterfall: 336, sizes: 320 };
const KEPT = (sparsity) => -Math.log10(Math.max(1 - sparsity, 1e-4));
const AXES = {
  sparsity: {
    title: "sparsity (logarithmic in what is kept)", place: (x) => (KEPT(x) + 0.05) / 3.15,
    ticks: [0, 0.5, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999].map((x) => [x, `${+(100 * x).toFixed(1)}%`]),
  },
  bits: {
    title: "codebook bits (2^bits values a layer)", place: (x) => (x - 0.7) / 7.6,
    ticks: [1, 2, 3, 4, 5, 6, 7, 8].map((x) => [x, String(x)]),
  },
  noise: {
    title: "noise scale (share of a layer's weight range)", place: (x) => (x + 0.006) / 0.212,
    ticks: [0, 0.05, 0.1, 0.15, 0.2].map((x) => [x, percent(x, 0)]),
  },
};
const xAxis = (along) => ({ ...AXES[along], text: (x) => `${along} ${along === "bits" ? x : percent(x, 1)}`, ticks: AXES[along].ticks.map(([x, label]) => [AXES[along].place(x), label]) });
