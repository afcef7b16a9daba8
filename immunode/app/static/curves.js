"use strict";
/* The curves: one plot a quantity, with and without treatment, ghosts, and the curve that is expected. */

/* Height below a plot, and below the last one, which names the time. */
const AXIS_ROOM = [6, 36];

function makeCurves(ctx) {
  const holder = el("div", { id: "plots" }), key = el("p", { class: "key quiet" }), score = el("p", { role: "status", id: "score" });
  const guess = el("fieldset", { class: "guess", hidden: true });
  const predict = el("button", { id: "predict", class: "main", onclick: () => (ctx.guess ? reveal() : begin()) }, ctx.L("predict"));
  const log = el("input", { type: "checkbox", id: "log", onchange: () => { byHand = log.checked; draw(); } });
  const show = el("select", { id: "show", "aria-label": ctx.L("show"), onchange: () => { if (show.value) ctx.toggleShown(show.value); show.value = ""; } });
  const keep = el("button", { id: "keep", onclick: () => { ctx.ghosts.unshift(ctx.treated); ctx.ghosts.length = Math.min(ctx.ghosts.length, GHOSTS); draw(); } }, ctx.L("keep"));
  const clear = el("button", { id: "clear", onclick: () => { ctx.ghosts = []; ctx.revealed = null; score.textContent = ""; draw(); } }, ctx.L("clear"));
  /* What trials found is told after the prediction only. */
  const found = el("button", { id: "found", "aria-pressed": false, onclick: () => { ctx.told = !ctx.told; draw(); } }, ctx.L("found"));
  let plots = [], byHand = null;
  /* Until someone says otherwise, axes are logarithmic where that shows more. */
  const isLog = (name) => (byHand !== null ? byHand : showsDecades(ctx.lab, name, [ctx.control, ctx.treated].filter((run) => run.status === "ok").map((run) => course(ctx.lab, run, name))));

  /* Until it is revealed, the curve with treatment stays hidden. */
  function begin() {
    ctx.guess = new Array(ctx.lab.points).fill(null);
    ctx.told = false;
    ctx.revealed = null;
    score.textContent = "";
    const name = ctx.state.shown[0], y = course(ctx.lab, ctx.control, name), top = Math.max(...y.filter(isFinite), 1e-12) * 1.6;
    ctx.guessTop = top;
    guess.replaceChildren(el("legend", {}, ctx.L("guess", ctx.word(name))), ...[0, 0.25, 0.5, 0.75, 1].map((x) => {
      const k = Math.round(x * (ctx.lab.points - 1)), text = `t = ${ctx.moment(ctx.control.times[k])}`;
      const input = el("input", { type: "range", min: 0, max: 1, step: 0.01, value: Math.min(y[k] / top, 1), "data-guess": k, "aria-label": text, oninput: () => points() });
      return el("label", {}, text, input);
    }));
    ctx.refresh();
  }

  function points() {
    const inputs = [...guess.querySelectorAll("input")].map((input) => +input.value * ctx.guessTop), step = (ctx.lab.points - 1) / 4;
    ctx.guess = Array.from({ length: ctx.lab.points }, (_, k) => {
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
    ctx.told = true;
    const expected = ctx.revealed.map((v) => (v === null ? NaN : v));
    const alike = shapeScore(expected, course(ctx.lab, ctx.treated, ctx.state.shown[0]));
    score.textContent = ctx.L("score", Math.round(100 * alike));
    ctx.refresh();
  }

  function dataOf(name, first) {
    const logs = isLog(name) && !(first && ctx.guess), positive = (y) => (logs ? y.map((v) => (v > 0 ? v : null)) : y), hidden = new Array(ctx.lab.points).fill(null);
    const curve = (run) => (run.status === "ok" ? positive(course(ctx.lab, run, name)) : hidden);
    const rows = [Array.from(ctx.lab.spans(ctx.lab.points), (t) => t * ctx.lab.clock.factor), curve(ctx.control), ctx.guess ? hidden : curve(ctx.treated), ...ctx.ghosts.map(curve)];
    if (first) rows.push(ctx.guess || (ctx.revealed ? positive(ctx.revealed) : hidden));
    return rows;
  }

  function draw() {
    guess.hidden = !ctx.guess;
    predict.textContent = ctx.L(ctx.guess ? "reveal" : "predict");
    found.hidden = !ctx.lab.trials.length;
    found.disabled = ctx.guess !== null || !pointsFound(ctx).length;
    found.setAttribute("aria-pressed", Boolean(ctx.told && !found.disabled));
    legend();
    /* it keeps its height meanwhile, so that what is below does not jump */
    holder.style.minHeight = `${holder.offsetHeight}px`;
    plots.forEach((plot) => plot.destroy());
    const shown = ctx.state.shown, width = Math.max(holder.clientWidth || 400, 200), height = roomFor(shown.length);
    holder.replaceChildren();
    plots = shown.map((name, i) => one(name, i === 0, i === shown.length - 1, width, height));
    holder.style.minHeight = "";
    log.checked = shown.every(isLog);
    log.indeterminate = !log.checked && shown.some(isLog);
    clear.hidden = !ctx.ghosts.length && !ctx.revealed;
    show.replaceChildren(el("option", { value: "" }, ctx.L("show") + " …"), ...ctx.lab.quantities.filter((q) => q.kind !== "delayed").map((q) => el("option", { value: q.name }, `${shown.includes(q.name) ? "✓ " : ""}${ctx.word(q.name)}${ctx.word(q.name) === q.name ? "" : ` (${q.name})`}`)));
  }

  function legend() {
    const lines = [["with", "solid"], ["without", "dashed"], ...(ctx.ghosts.length ? [["ghost", "dotted"]] : []), ...(ctx.guess || ctx.revealed ? [["guess", "solid"]] : [])];
    const points = ctx.told && !ctx.guess ? pointsFound(ctx).filter((p) => ctx.state.shown.includes(p.quantity)) : [], trials = [...new Set(points.map((p) => p.trial))];
    key.replaceChildren(...lines.map(([kind, line]) => el("span", {}, el("i", { style: `border-color:${COLORS[kind]};border-top-style:${line}` }), kind === "with" || kind === "without" ? ctx.lineOf(kind) : ctx.L(kind === "guess" ? "yours" : kind))),
      ...(trials.length ? [el("span", { id: "trials" }, el("b", {}, "●"), ` ${ctx.L("foundBy", trials.join("; "))}${points.some((p) => p.used) ? `; ${ctx.L("foundUsed")}` : ""}`)] : []));
  }

  /* Height of one plot: curves and lanes fit one screen. In one column, that is what the window leaves between what stands above and the lanes below. */
  function roomFor(n) {
    const size = parseFloat(getComputedStyle(document.body).fontSize);
    if (isColumn()) {
      const below = ["#lanes", "footer"].reduce((sum, q) => sum + document.querySelector(q).offsetHeight, 0) + size;
      const free = innerHeight - holder.getBoundingClientRect().top - scrollY - below - AXIS_ROOM[1];
      return Math.max(60, Math.min(200, free / n - 1.4 * size - AXIS_ROOM[0]));
    }
    const rest = 21.6 * size + 64 * Math.max(ctx.state.on.size, 1);
    return Math.max(n > 3 ? 70 : 104, Math.min(innerHeight - rest, 640) / n - 22);
  }

  const powerOf = (x) => { const [digits, power] = x.toExponential(0).split("e"); return x >= 1e-3 && x < 1e5 ? FIGURES(x) : `${digits === "1" ? "" : `${digits}×`}10${raised(+power)}`; };

  /* Least and most on a logarithmic axis: what is shown, of at most eight decades, to the next 1, 2 or 5; and lines near. */
  function decadesOf(name, values) {
    const good = values.filter((v) => v > 0 && isFinite(v));
    if (!good.length) return [0.1, 1];
    const top = Math.max(...good), least = Math.max(Math.min(...good), 1e-8 * top), near = ctx.lab.thresholds.filter((t) => t.quantity === name && t.level > least / 2 && t.level < 2 * top).map((t) => t.level);
    const [low, high] = [Math.min(least, ...near), Math.max(top, ...near)].map((v, up) => {
      const power = Math.floor(Math.log10(v) + 1e-9), digits = v / 10 ** power, step = up ? [1, 2, 5, 10].find((m) => m >= digits * (1 - 1e-9)) : [5, 2, 1].find((m) => m <= digits * (1 + 1e-9));
      return step * 10 ** power;
    });
    return low < high / 1.5 ? [low, high] : [low / 2, high * 2];
  }

  /* Least and most on the axis: of curves, of what trials found, and of lines that are near. */
  function rangeOf(name, values) {
    const numbers = values.filter((v) => v !== null && isFinite(v)), low = Math.min(...numbers), high = Math.max(...numbers);
    if (!numbers.length) return [0, 1];
    if (high - low <= 1e-9 * Math.max(Math.abs(high), Math.abs(low))) return [Math.min(0, 2 * low), Math.max(2 * high, high === 0 ? 1 : 0)];
    const near = ctx.lab.thresholds.filter((t) => t.quantity === name && t.level > low - 0.4 * (high - low) && t.level < high + 0.4 * (high - low)).map((t) => t.level);
    const least = Math.min(low, ...near), most = Math.max(high, ...near);
    return [least >= 0 && least < most / 3 ? 0 : least - (least === low ? 0 : 0.04 * (most - least)), most + 0.05 * (most - least)];
  }

  function one(name, first, last, width, height) {
    const q = ctx.lab.quantities[ctx.lab.quantity.get(name)], box = el("div", { class: "plot", "data-plot": name }), word = ctx.word(name), axisRoom = AXIS_ROOM[+last];
    const guessing = first && ctx.guess, data = dataOf(name, first), logs = isLog(name) && !guessing, points = ctx.told && !ctx.guess ? pointsFound(ctx).filter((p) => p.quantity === name) : [];
    const bounds = guessing ? [0, ctx.guessTop] : (logs ? decadesOf : rangeOf)(name, data.slice(1).flat().concat(points.flatMap((p) => [p.value, p.low, p.high])));
    /* the power of ten of an axis stands with its unit, as in print */
    const power = logs ? 0 : powerFor(bounds), unit = inPowers(q.unit, power);
    box.append(el("h3", {}, word, unit ? el("span", { class: "quiet" }, ` (${unit})`) : "", word === name ? "" : el("span", { class: "symbol" }, ` ${name}`)));
    if (first && ctx.guess) box.classList.add("drawing");
    holder.append(box);
    const line = (color, dash, w) => ({ pxAlign: 0, stroke: paint(color), width: w, dash, points: { show: false }, spanGaps: color === "guess" });
    const series = [{}, line("without", [7, 5], 2), line("with", null, 3), ...ctx.ghosts.map(() => line("ghost", [2, 4], 2)), ...(first ? [line("guess", null, 3)] : [])];
    const scale = logs ? { distr: 3, range: () => bounds } : { range: () => bounds };
    const size = 0.75 * parseFloat(getComputedStyle(document.body).fontSize), font = `${Math.round(size)}px system-ui, sans-serif`, ink = paint("soft"), grid = { stroke: paint("grid"), width: 1 };
    const [left, right] = gutters();
    const times = { font, stroke: ink, label: last ? ctx.timeAxis() : undefined, labelFont: font, labelSize: Math.round(1.3 * size), labelGap: 0, size: last ? Math.round(1.7 * size) : 6, grid, ticks: { show: last, stroke: paint("grid"), size: 5 }, gap: 3, values: (_, v) => (last ? ticks(v) : v.map(() => "")) };
    const plot = new uPlot({ width, height: height + axisRoom, padding: [6, right, 0, 0], legend: { show: false }, cursor: { drag: { x: false, y: false }, y: false, points: { show: false } }, scales: { x: { time: false, range: [0, ctx.lab.horizon * ctx.lab.clock.factor] }, y: scale },
      series, axes: [times, { font, stroke: ink, size: left, gap: 4, space: 26, grid, ticks: { stroke: paint("grid"), size: 4 }, values: (_, v) => (logs ? v.map(powerOf) : v.map((x) => FIGURES(x / 10 ** power))), ...(logs ? { splits: (u, i, low, high) => decadesIn(low, high, Math.max(2, Math.floor(height / 24))), filter: (_, v) => v } : {}) }],
      hooks: { draw: [(u) => marksOf(ctx, u, name, points, font)] } }, data, box);
    plot.root.setAttribute("role", "img");
    plot.root.setAttribute("aria-label", describe(name));
    if (first && ctx.guess) drawable(plot); else followable(plot);
    return plot;
  }

  /* A press in a plot sets the time of the stage. */
  function followable(plot) {
    const go = (e) => {
      const box = plot.over.getBoundingClientRect();
      ctx.setTime(Math.round(Math.min(Math.max((e.clientX - box.left) / box.width, 0), 1) * (ctx.lab.points - 1)));
    };
    plot.over.addEventListener("pointerdown", (e) => { if (e.pointerType === "mouse") { plot.over.setPointerCapture(e.pointerId); } go(e); });
    plot.over.addEventListener("pointermove", (e) => { if (e.buttons && e.pointerType === "mouse") go(e); });
  }

  function describe(name) {
    const y = ctx.treated.status === "ok" ? course(ctx.lab, ctx.treated, name) : [], x = ctx.control.status === "ok" ? course(ctx.lab, ctx.control, name) : [];
    const told = (values, word) => (values.length ? `${ctx.lineOf(word)}: ${FIGURES(values[0])} → ${FIGURES(values[values.length - 1])}, ${ctx.L("peak")} ${FIGURES(ENDPOINTS.peak(values))}` : "");
    return `${ctx.word(name)}. ${ctx.guess ? "" : told(y, "with")}. ${told(x, "without")}`;
  }

  function drawable(plot) {
    let last = null;
    const put = (e) => {
      const box = plot.over.getBoundingClientRect(), x = Math.min(Math.max((e.clientX - box.left) / box.width, 0), 1);
      const v = plot.posToVal(Math.min(Math.max(e.clientY - box.top, 0), box.height), "y"), k = Math.round(x * (ctx.lab.points - 1));
      const from = last || { k, v }, step = from.k <= k ? 1 : -1;
      for (let i = from.k; step > 0 ? i <= k : i >= k; i += step) ctx.guess[i] = from.k === k ? v : from.v + ((v - from.v) * (i - from.k)) / (k - from.k);
      last = { k, v };
      plot.setData(dataOf(ctx.state.shown[0], true), false);
      plot.redraw();
    };
    plot.over.addEventListener("pointerdown", (e) => { e.preventDefault(); plot.over.setPointerCapture(e.pointerId); last = null; put(e); });
    plot.over.addEventListener("pointermove", (e) => { if (e.buttons) put(e); });
  }
  const controls = el("div", { class: "row tools" }, predict, found, keep, clear, show, el("label", { for: "log" }, log, ctx.L("log")));
  return { parts: [guess, score, key, holder], controls, draw, marks: () => plots.forEach((p) => p.redraw(false)), plots: () => plots, stop: () => { ctx.guess = null; ctx.revealed = null; score.textContent = ""; } };
}
