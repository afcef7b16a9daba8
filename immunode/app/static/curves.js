"use strict";
/* The curves: one plot a quantity, with and without treatment, ghosts, and the curve that is expected. */

const COLORS = { with: "#0064a8", without: "#b8430a", ghost: "#8a929c", guess: "#00704f" };

function makeCurves(ctx) {
  const holder = el("div", { id: "plots" }), key = el("p", { class: "key quiet" }), score = el("p", { role: "status", id: "score" });
  const guess = el("fieldset", { class: "guess", hidden: true });
  const predict = el("button", { id: "predict", class: "main", onclick: () => (ctx.guess ? reveal() : begin()) }, ctx.L("predict"));
  const log = el("input", { type: "checkbox", id: "log", onchange: () => draw() });
  const show = el("select", { id: "show", "aria-label": ctx.L("show"), onchange: () => { if (show.value) ctx.toggleShown(show.value); show.value = ""; } });
  const keep = el("button", { id: "keep", onclick: () => { ctx.ghosts.unshift(ctx.treated); ctx.ghosts.length = Math.min(ctx.ghosts.length, GHOSTS); draw(); } }, ctx.L("keep"));
  const clear = el("button", { id: "clear", onclick: () => { ctx.ghosts = []; ctx.revealed = null; score.textContent = ""; draw(); } }, ctx.L("clear"));
  let plots = [];

  /* Until it is revealed, the curve with treatment stays hidden. */
  function begin() {
    ctx.guess = new Array(POINTS).fill(null);
    ctx.revealed = null;
    score.textContent = "";
    const name = ctx.state.shown[0], y = course(ctx.lab, ctx.control, name), top = Math.max(...y.filter(isFinite), 1e-12) * 1.6;
    ctx.guessTop = top;
    guess.replaceChildren(el("legend", {}, ctx.L("guess", name)), ...[0, 0.25, 0.5, 0.75, 1].map((x) => {
      const k = Math.round(x * (POINTS - 1)), text = `t = ${FIGURES(ctx.control.times[k])}`;
      const input = el("input", { type: "range", min: 0, max: 1, step: 0.01, value: Math.min(y[k] / top, 1), "data-guess": k, "aria-label": text, oninput: () => points() });
      return el("label", {}, text, input);
    }));
    ctx.refresh();
  }

  function points() {
    const inputs = [...guess.querySelectorAll("input")].map((input) => +input.value * ctx.guessTop), step = (POINTS - 1) / 4;
    ctx.guess = Array.from({ length: POINTS }, (_, k) => {
      const i = Math.min(Math.floor(k / step), 3), x = k / step - i;
      return inputs[i] * (1 - x) + inputs[i + 1] * x;
    });
    plots[0].setData(dataOf(ctx.state.shown[0], true), false);
    plots[0].redraw();
  }

  function reveal() {
    const drawn = ctx.guess.filter((v) => v !== null).length;
    if (drawn < 2) { score.textContent = ctx.L("drawFirst"); return; }
    ctx.revealed = ctx.guess;
    ctx.guess = null;
    const expected = ctx.revealed.map((v) => (v === null ? NaN : v));
    const alike = shapeScore(expected, course(ctx.lab, ctx.treated, ctx.state.shown[0]));
    score.textContent = ctx.L("score", Math.round(100 * alike));
    ctx.refresh();
  }

  function dataOf(name, first) {
    const positive = (y) => (log.checked ? y.map((v) => (v > 0 ? v : null)) : y), hidden = new Array(POINTS).fill(null);
    const curve = (run) => (run.status === "ok" ? positive(course(ctx.lab, run, name)) : hidden);
    const rows = [Array.from(ctx.lab.spans(POINTS)), curve(ctx.control), ctx.guess ? hidden : curve(ctx.treated), ...ctx.ghosts.map(curve)];
    if (first) rows.push(ctx.guess || ctx.revealed || hidden);
    return rows;
  }

  function draw() {
    guess.hidden = !ctx.guess;
    predict.textContent = ctx.L(ctx.guess ? "reveal" : "predict");
    /* it keeps its height meanwhile, so that what is below does not jump */
    holder.style.minHeight = `${holder.offsetHeight}px`;
    plots.forEach((plot) => plot.destroy());
    const width = Math.max(holder.clientWidth || 400, 200), height = Math.max(130, 400 / Math.max(ctx.state.shown.length, 1));
    holder.replaceChildren();
    plots = ctx.state.shown.map((name, i) => one(name, i === 0, i === ctx.state.shown.length - 1, width, height));
    holder.style.minHeight = "";
    const parts = [["with", "solid"], ["without", "dashed"], ...(ctx.ghosts.length ? [["ghost", "dotted"]] : []), ...(ctx.guess || ctx.revealed ? [["guess", "solid"]] : [])];
    key.replaceChildren(...parts.map(([kind, line]) => el("span", {}, el("i", { style: `border-color:${COLORS[kind]};border-top-style:${line}` }), ctx.L(kind === "guess" ? "yours" : kind))));
    show.replaceChildren(el("option", { value: "" }, ctx.L("show") + " …"), ...ctx.lab.quantities.map((q) => el("option", { value: q.name }, `${ctx.state.shown.includes(q.name) ? "✓ " : ""}${q.name} – ${q.meaning || q.kind}`)));
  }

  function one(name, first, last, width, height) {
    const q = ctx.lab.quantities[ctx.lab.quantity.get(name)], box = el("div", { class: "plot", "data-plot": name });
    box.append(el("h3", {}, `${name}${q.unit ? ` (${q.unit})` : ""}${q.meaning ? `: ${q.meaning}` : ""}`));
    if (first && ctx.guess) box.classList.add("drawing");
    holder.append(box);
    const line = (color, dash, w) => ({ pxAlign: 0, stroke: color, width: w, dash, points: { show: false }, spanGaps: color === COLORS.guess });
    const series = [{}, line(COLORS.without, [7, 5], 2), line(COLORS.with, null, 3), ...ctx.ghosts.map(() => line(COLORS.ghost, [2, 4], 2)), ...(first ? [line(COLORS.guess, null, 3)] : [])];
    const data = dataOf(name, first), fixed = first && ctx.guess ? [0, ctx.guessTop] : null;
    const numbers = data.slice(1).flat().filter((v) => v !== null && isFinite(v)), low = Math.min(...numbers), high = Math.max(...numbers);
    const flat = numbers.length && high - low <= 1e-9 * Math.max(Math.abs(high), Math.abs(low));
    const scale = fixed ? { range: fixed } : log.checked ? { distr: 3 } : { range: () => (flat ? [Math.min(0, 2 * low), Math.max(2 * high, high === 0 ? 1 : 0)] : [low >= 0 && low < high / 3 ? 0 : low, high + 0.05 * (high - low)]) };
    const font = `${Math.round(0.8 * parseFloat(getComputedStyle(document.body).fontSize))}px system-ui, sans-serif`;
    const plot = new uPlot({ width, height, legend: { show: false }, cursor: { drag: { x: false, y: false }, y: false, points: { show: false } }, scales: { x: { time: false }, y: scale },
      series, axes: [{ font, label: last ? ctx.lab.axis || `${ctx.L("time")}${ctx.lab.timeIsScaled ? "" : ` (${ctx.lab.timeUnit})`}` : undefined, labelFont: font, labelSize: 18, size: 30, grid: { stroke: "#e3e7eb" }, values: (_, v) => v.map((x) => FIGURES(x)) }, { font, size: 66, grid: { stroke: "#e3e7eb" }, values: (_, v) => v.map((x) => (x === null ? "" : FIGURES(x))) }],
      hooks: { draw: [(u) => mark(u)] } }, data, box);
    plot.root.setAttribute("role", "img");
    plot.root.setAttribute("aria-label", describe(name));
    if (first && ctx.guess) drawable(plot);
    return plot;
  }

  function describe(name) {
    const y = ctx.treated.status === "ok" ? course(ctx.lab, ctx.treated, name) : [], x = ctx.control.status === "ok" ? course(ctx.lab, ctx.control, name) : [];
    const told = (values, word) => (values.length ? `${ctx.L(word)}: ${FIGURES(values[0])} → ${FIGURES(values[values.length - 1])}, ${ctx.L("peak")} ${FIGURES(ENDPOINTS.peak(values))}` : "");
    return `${name}. ${ctx.guess ? "" : told(y, "with")}. ${told(x, "without")}`;
  }

  function mark(u) {
    const x = u.valToPos(ctx.treated.times[ctx.k], "x", true), c = u.ctx;
    c.save(); c.strokeStyle = "#b8430a"; c.lineWidth = 1; c.beginPath(); c.moveTo(x, u.bbox.top); c.lineTo(x, u.bbox.top + u.bbox.height); c.stroke(); c.restore();
  }

  function drawable(plot) {
    let last = null;
    const put = (e) => {
      const box = plot.over.getBoundingClientRect(), x = Math.min(Math.max((e.clientX - box.left) / box.width, 0), 1);
      const v = plot.posToVal(Math.min(Math.max(e.clientY - box.top, 0), box.height), "y"), k = Math.round(x * (POINTS - 1));
      const from = last || { k, v }, step = from.k <= k ? 1 : -1;
      for (let i = from.k; step > 0 ? i <= k : i >= k; i += step) ctx.guess[i] = from.k === k ? v : from.v + ((v - from.v) * (i - from.k)) / (k - from.k);
      last = { k, v };
      plot.setData(dataOf(ctx.state.shown[0], true), false);
      plot.redraw();
    };
    plot.over.addEventListener("pointerdown", (e) => { e.preventDefault(); plot.over.setPointerCapture(e.pointerId); last = null; put(e); });
    plot.over.addEventListener("pointermove", (e) => { if (e.buttons) put(e); });
  }
  const controls = el("div", { class: "row" }, predict, keep, clear, show, el("label", { for: "log" }, log, ctx.L("log")));
  const section = el("section", { "aria-labelledby": "curves-h" }, el("h2", { id: "curves-h" }, ctx.L("curves")), controls, guess, score, key, holder);
  return { section, draw, marks: () => plots.forEach((p) => p.redraw(false)), plots: () => plots, stop: () => { ctx.guess = null; ctx.revealed = null; score.textContent = ""; } };
}
