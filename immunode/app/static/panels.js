"use strict";
/* What explains a run: bars of Why?, the phase plane, a sweep, the table, the parameters. */

function makePanels(ctx) {
  const names = ["why", "phase", "sweep", "class", "table", "parameters"], body = el("div", { class: "panel", id: "panel", role: "tabpanel", tabindex: 0 });
  let open = "why";
  const tabs = names.map((name) => el("button", { role: "tab", id: `tab-${name}`, "aria-controls": "panel", "aria-selected": name === open, tabindex: name === open ? 0 : -1, onclick: () => choose(name) }, ctx.L(name)));
  const list = el("div", { class: "row", role: "tablist", onkeydown: (e) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!by) return;
    choose(names[(names.indexOf(open) + by + names.length) % names.length]);
    tabs[names.indexOf(open)].focus();
  } }, ...tabs);
  const views = { why: makeWhy(ctx), phase: makePhase(ctx), sweep: makeSweep(ctx), class: makeClass(ctx), table: makeTable(ctx), parameters: makeParameters(ctx) };
  function choose(name) {
    open = name;
    if (name === "class") ctx.pool.start();
    tabs.forEach((tab, i) => { tab.setAttribute("aria-selected", names[i] === open); tab.tabIndex = names[i] === open ? 0 : -1; });
    body.setAttribute("aria-labelledby", `tab-${name}`);
    refresh();
  }
  let pending = 0, stale = true, inSight = false;
  function refresh() {
    clearTimeout(pending);
    stale = false;
    const active = body.contains(document.activeElement) ? document.activeElement : null;
    const same = active && (active.id ? `#${CSS.escape(active.id)}` : active.dataset.parameter ? `[data-parameter="${CSS.escape(active.dataset.parameter)}"]` : "");
    body.replaceChildren(...(ctx.guess ? [] : views[open]()));
    const again = same && body.querySelector(same);
    if (again) again.focus({ preventScroll: true });
  }
  /* Explanations take runs of their own: first the curves are painted, and what is out of sight waits for a pause. */
  function later() {
    clearTimeout(pending);
    stale = true;
    if (ctx.guess) refresh();
    else pending = setTimeout(refresh, inSight ? 120 : 500);
  }
  new IntersectionObserver((entries) => {
    inSight = entries[entries.length - 1].isIntersecting;
    if (inSight && stale) later();
  }).observe(list);
  return { section: el("section", { class: "wide" }, list, body), refresh, later, choose };
}

/* A quantity in a list: what it is called, with its name where that is another. */
const named = (ctx, name) => (ctx.word(name) === name ? name : `${ctx.word(name)} (${name})`);
const stateOptions = (ctx) => ctx.lab.states.filter((s) => s.own || ctx.state.on.has(s.name.split(".")[0])).map((s) => [s.name, named(ctx, s.name)]);
const quantityOptions = (ctx) => ctx.lab.quantities.filter((q) => q.kind !== "flux" && q.kind !== "delayed").map((q) => [q.name, named(ctx, q.name)]);

function dataTable(heads, rows) {
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": heads[0] }, el("table", {}, el("thead", {}, el("tr", {}, ...heads.map((h) => el("th", { scope: "col" }, h)))),
    el("tbody", {}, ...rows.map((r) => el("tr", {}, ...r.map((c) => el("td", {}, typeof c === "number" ? FIGURES(c) : c)))))));
}
/* The first state of which there is a curve, or of which a curve is made. */
const stateShown = (ctx, known) => ctx.state.shown.flatMap((q) => [q, ctx.lab.quantities[ctx.lab.quantity.get(q)].of]).find((q) => known.includes(q)) || known[0];
/* A parameter in a list: a number of a treatment after its name, or what it means. */
function turned(ctx, name) {
  const p = ctx.lab.parameters[ctx.lab.row.get(name)];
  if (own(p, "owner")) return `${ctx.called(ctx.lab.place.get(p.owner))}: ${name.slice(p.owner.length + 1).replaceAll("_", " ")}`;
  return p.meaning && p.meaning.length <= LONGEST_WORD ? `${ctx.say(p.meaning)} (${name})` : name;
}

/* Whether a table of forty steps of a run has a row at output k. */
const isRow = (ctx) => (_, k) => Math.floor((40 * k) / (ctx.lab.points - 1)) !== Math.floor((40 * (k - 1)) / (ctx.lab.points - 1));
const asTable = (ctx, heads, rows) => el("details", {}, el("summary", {}, ctx.L("table")), dataTable(heads, rows));

function makeWhy(ctx) {
  let chosen = "";
  return function view() {
    const options = stateOptions(ctx), known = options.map(([name]) => name);
    if (!known.includes(chosen)) chosen = stateShown(ctx, known);
    const found = why(ctx.lab, ctx.state, chosen, DRAWN_RTOL), parts = [el("div", { class: "row" }, picker("why-state", ctx.L("notState"), options, chosen, (v) => { chosen = v; ctx.refreshPanel(); })), el("p", { class: "quiet" }, ctx.L("whyText", ctx.word(chosen), ctx.lineOf("with"), ctx.lineOf("without")))];
    if (!found) return parts;
    /* what differs in the last digits only does not differ */
    const gap = (b) => (Math.abs(b.change) < NOTHING * Math.max(Math.abs(b.without), Math.abs(b.with)) ? 0 : b.change);
    const most = Math.max(...found.bars.map((b) => Math.abs(gap(b))), 1e-300);
    const bars = found.bars.map((b) => {
      const w = (140 * Math.abs(gap(b))) / most, x = b.change < 0 ? 150 - w : 150;
      return el("div", { "data-bar": b.name }, el("span", {}, b.name ? `${b.name}${b.meaning ? `: ${ctx.say(b.meaning)}` : ""}` : ctx.L("given")),
        svg("svg", { viewBox: "0 0 300 20", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("line", { x1: 150, x2: 150, y1: 0, y2: 20, stroke: "var(--soft)" }), svg("rect", { x, y: 3, width: w, height: 14, fill: b.change < 0 ? COLORS.without : COLORS.with })),
        el("span", {}, `${gap(b) > 0 ? "+" : ""}${FIGURES(gap(b))}`));
    });
    const total = found.bars.reduce((a, b) => a + gap(b), 0), left = found.bars.some((b) => gap(b) !== 0) ? found.change : 0;
    /* bars that miss what they should add up to, by more than rounding, tell nothing */
    const size = Math.max(...found.bars.flatMap((b) => [Math.abs(b.without), Math.abs(b.with)])), off = Math.abs(total - left);
    if (off > 0.1 * most && off > 1e-4 * size) return [...parts, el("p", { id: "why-off" }, ctx.L("whyOff", amount(total, "", most), amount(left, "", most)))];
    return [...parts, el("div", { class: "bars" }, ...bars), el("p", {}, ctx.L("whySum", amount(total, "", most), amount(left, "", most))),
      asTable(ctx, [chosen, ctx.lineOf("without"), ctx.lineOf("with"), "Δ"], found.bars.map((b) => [b.name || ctx.L("given"), b.without, b.with, b.change]))];
  };
}

/* Straight pieces of the line where z = 0 on a grid (marching squares). */
function zeroLine(z, n) {
  const pieces = [];
  for (let i = 0; i < n - 1; i++) for (let j = 0; j < n - 1; j++) {
    const corner = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], v = corner.map(([a, b]) => z[a * n + b]), cuts = [];
    if (v.some((x) => !isFinite(x))) continue;
    for (let e = 0; e < 4; e++) {
      const a = v[e], b = v[(e + 1) % 4];
      if ((a < 0) === (b < 0)) continue;
      const s = a / (a - b), [p, q] = [corner[e], corner[(e + 1) % 4]];
      cuts.push([p[0] + s * (q[0] - p[0]), p[1] + s * (q[1] - p[1])]);
    }
    for (let e = 0; e + 1 < cuts.length; e += 2) pieces.push([cuts[e], cuts[e + 1]]);
  }
  return pieces;
}

/* Slopes of two states on a grid, the others as they are at output k. */
function planeOf(lab, run, k, a, b, top, n = 61) {
  const program = lab.program, y = run.y[k].slice(), c = new Float64Array(program.prepared), out = new Float64Array(program.states), z = [new Float64Array(n * n), new Float64Array(n * n)];
  program.prepare(run.p[k], c);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
    y[a] = (top[0] * i) / (n - 1); y[b] = (top[1] * j) / (n - 1);
    program.rhs(run.times[k], y, c, out);
    z[0][i * n + j] = out[a]; z[1][i * n + j] = out[b];
  }
  return z;
}

function makePhase(ctx) {
  let pair = ["", ""];
  return function view() {
    const options = stateOptions(ctx), known = options.map(([n]) => n), run = ctx.treated;
    if (known.length < 2 || run.status !== "ok" || ctx.control.status !== "ok") return [];
    const first = stateShown(ctx, known);
    if (!pair.every((n) => known.includes(n))) pair = [first, known.find((n) => n !== first)];
    const [a, b] = pair.map((name) => ctx.lab.quantity.get(name)), n = 61;
    const top = [a, b].map((s) => 1.15 * Math.max(...run.y.map((y) => y[s]), ...ctx.control.y.map((y) => y[s]), 1e-12));
    const z = planeOf(ctx.lab, run, ctx.k, a, b, top, n), W = 560, H = 380, left = 80, bottom = 44;
    const X = (i) => left + (i / (n - 1)) * (W - left - 10), Y = (j) => H - bottom - (j / (n - 1)) * (H - bottom - 10);
    const lines = z.map((values, i) => svg("path", { d: zeroLine(values, n).map(([p, q]) => `M${X(p[0]).toFixed(1)},${Y(p[1]).toFixed(1)}L${X(q[0]).toFixed(1)},${Y(q[1]).toFixed(1)}`).join(""), fill: "none", stroke: i ? COLORS.without : COLORS.with, "stroke-width": 2.5, "stroke-dasharray": i ? "7 4" : null, class: "nullcline" }));
    const at = (y) => [X((y[a] / top[0]) * (n - 1)), Y((y[b] / top[1]) * (n - 1))];
    const path = svg("polyline", { points: run.y.map((y) => at(y).map((v) => v.toFixed(1)).join(",")).join(" "), fill: "none", stroke: "var(--ink)", "stroke-width": 1.5 });
    const [cx, cy] = at(run.y[ctx.k]), texts = [0, 0.5, 1].flatMap((x) => [svg("text", { x: X(x * (n - 1)), y: H - bottom + 18, "text-anchor": x === 1 ? "end" : "middle" }, FIGURES(x * top[0])), svg("text", { x: left - 6, y: Y(x * (n - 1)) + 5, "text-anchor": "end" }, FIGURES(x * top[1]))]);
    const unit = (i) => { const q = ctx.lab.quantities[[a, b][i]]; return `${ctx.word(q.name)}${q.unit ? ` (${q.unit})` : ""}`; };
    const label = ctx.L("phaseText", pair[0], pair[1]);
    const chart = svg("svg", { class: "chart", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": label }, svg("rect", { x: left, y: 10, width: W - left - 10, height: H - bottom - 10, fill: "none", stroke: "var(--line)" }), ...lines, path, svg("circle", { cx, cy, r: 6, fill: "#d17b00", stroke: "var(--ink)" }), ...texts,
      svg("text", { x: (left + W) / 2, y: H - 6, "text-anchor": "middle" }, unit(0)), svg("text", { x: 14, y: H / 2, transform: `rotate(-90 14 ${H / 2})`, "text-anchor": "middle" }, unit(1)));
    const set = (i) => (v) => { pair[i] = v; ctx.refreshPanel(); };
    return [el("div", { class: "row" }, picker("phase-x", ctx.L("across"), options, pair[0], set(0)), picker("phase-y", ctx.L("up"), options, pair[1], set(1))), el("p", { class: "quiet" }, label), chart,
      asTable(ctx, [ctx.timeAxis(), ...pair], run.y.map((y, k) => [run.times[k] * ctx.lab.clock.factor, y[a], y[b]]).filter(isRow(ctx)))];
  };
}

function makeSweep(ctx) {
  let name = "", endpoint = "final", quantity = "", found = null, owner = null, key = "";
  const RUNS = 25;
  return function view() {
    const on = ctx.lab.parameters.filter((p) => !own(p, "owner") || (ctx.state.on.has(p.owner) && !idle(ctx.state, p.owner, p.name))).map((p) => p.name), knobs = on.filter((n) => n.includes("."));
    if (!on.includes(name)) { name = knobs.find((n) => n.endsWith(".strength")) || on[0]; found = null; }
    if (!ctx.lab.quantity.has(quantity) || owner !== ctx.lab) { quantity = ctx.state.shown[0]; found = null; }
    owner = ctx.lab;
    const now = toLink(ctx.state, "") + name + endpoint + quantity;
    if (now !== key) found = null;
    const base = valuesOf(ctx.lab, ctx.state), row = ctx.lab.row.get(name), p = ctx.lab.parameters[row];
    const bounds = name.endsWith(".stop") ? [0, ctx.lab.horizon] : range(ctx.lab, name), low = own(p, "owner") || !p.value ? bounds[0] : Math.max(bounds[0], p.value > 0 ? p.value / 3 : p.value * 3), high = own(p, "owner") && !/\.(strength|start|stop)$/.test(name) ? Math.min(bounds[1], 3 * Math.abs(base[row]) || 1) : own(p, "owner") || !p.value ? Math.min(bounds[1], bounds[0] + 100) : Math.min(bounds[1], p.value > 0 ? p.value * 3 : p.value / 3);
    const run = () => {
      key = now;
      found = Array.from({ length: RUNS }, (_, i) => {
        const values = base.slice();
        values[row] = clamp(ctx.lab, name, low + ((high - low) * i) / (RUNS - 1));
        const one = simulate(ctx.lab, values, { points: 101, rtol: 1e-6, given: treatmentOf(ctx.lab, ctx.state).given });
        return [values[row], one.status === "ok" ? ENDPOINTS[endpoint](course(ctx.lab, one, quantity)) : NaN];
      });
      ctx.refreshPanel();
    };
    const change = (action) => (v) => { action(v); found = null; ctx.refreshPanel(); };
    const parts = [el("p", { class: "quiet" }, ctx.L("sweepText")), el("div", { class: "row" }, picker("sweep-what", ctx.L("choose"), on.map((n) => [n, turned(ctx, n)]), name, change((v) => { name = v; })),
      picker("sweep-end", ctx.L("measure"), ["final", "peak", "trough", "mean"].map((e) => [e, ctx.L(e)]), endpoint, change((v) => { endpoint = v; })), picker("sweep-of", ctx.L("of"), quantityOptions(ctx), quantity, change((v) => { quantity = v; })), el("button", { id: "sweep-run", class: "main", onclick: run }, ctx.L("sweepRun")))];
    if (!found) return parts;
    const good = found.filter(([, y]) => isFinite(y)), W = 640, H = 300, left = 80, ys = good.map(([, y]) => y), min = Math.min(...ys), max = Math.max(...ys), bottom = min >= 0 ? 0 : min, span = max - bottom || 1;
    const X = (x) => left + ((x - low) / (high - low || 1)) * (W - left - 20), Y = (y) => H - 34 - ((y - bottom) / span) * (H - 54);
    const unit = ctx.lab.quantities[ctx.lab.quantity.get(quantity)].unit;
    const marker = svg("line", { y1: 10, y2: H - 34, stroke: COLORS.without, "stroke-width": 1.5 }), told = el("output", { for: "sweep-at" });
    const slider = el("input", { type: "range", id: "sweep-at", min: 0, max: RUNS - 1, value: Math.round(((base[row] - low) / (high - low || 1)) * (RUNS - 1)), "aria-label": name, style: `width:calc((100% - 100px*1))`, oninput: () => at() });
    const at = () => { const [x, y] = found[+slider.value]; marker.setAttribute("x1", X(x)); marker.setAttribute("x2", X(x)); told.textContent = `${turned(ctx, name)} = ${FIGURES(x)}${p.unit ? ` ${p.unit}` : ""}: ${ctx.word(quantity)}, ${ctx.L(endpoint)} = ${FIGURES(y)}${unit ? ` ${unit}` : ""}`; };
    const use = el("button", { id: "sweep-use", onclick: () => { const v = found[+slider.value][0]; if (own(p, "owner")) ctx.state.on.get(p.owner).set(name, v); else ctx.state.values.set(name, v); ctx.changed(); } }, ctx.L("use"));
    at();
    return [...parts, el("div", { style: "max-width:44rem" }, svg("svg", { class: "chart", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `${ctx.L(endpoint)} ${quantity} / ${name}` }, svg("polyline", { points: good.map(([x, y]) => `${X(x).toFixed(1)},${Y(y).toFixed(1)}`).join(" "), fill: "none", stroke: COLORS.with, "stroke-width": 3 }), ...good.map(([x, y]) => svg("circle", { cx: X(x), cy: Y(y), r: 3.5, fill: COLORS.with })), marker,
      ...[low, (low + high) / 2, high].map((x, i) => svg("text", { x: X(x), y: H - 14, "text-anchor": i === 2 ? "end" : "middle" }, FIGURES(x))), ...[bottom, max].map((y) => svg("text", { x: left - 8, y: Y(y) + 4, "text-anchor": "end" }, FIGURES(y))), svg("text", { x: left + 4, y: 14 }, `${ctx.word(quantity)}, ${ctx.L(endpoint)}${unit ? ` (${unit})` : ""}`)),
      el("div", { style: "padding-left:12%" }, slider)), el("div", { class: "row" }, told, use), asTable(ctx, [name, quantity], found)];
  };
}

function makeTable(ctx) {
  return function view() {
    const names = ctx.state.shown, run = ctx.treated, columns = names.flatMap((n) => [ctx.treated, ctx.control].map((r) => (r.status === "ok" ? course(ctx.lab, r, n) : null)));
    const heads = [ctx.timeAxis(), ...names.flatMap((n) => [`${n}, ${ctx.lineOf("with")}`, `${n}, ${ctx.lineOf("without")}`])];
    const rows = Array.from(run.times).map((t, k) => [t * ctx.lab.clock.factor, ...columns.map((c) => (c ? c[k] : "–"))]).filter(isRow(ctx));
    return [el("p", { class: "quiet" }, ctx.L("tableText")), dataTable(heads, rows)];
  };
}

function makeParameters(ctx) {
  return function view() {
    const rows = ctx.lab.parameters.filter((p) => !own(p, "owner")).map((p) => {
      const value = ctx.state.values.has(p.name) ? ctx.state.values.get(p.name) : p.value;
      const input = el("input", { type: "number", step: "any", value, "aria-label": p.name, "data-parameter": p.name, onchange: () => {
        const v = input.valueAsNumber;
        if (isFinite(v) && v !== p.value) ctx.state.values.set(p.name, clamp(ctx.lab, p.name, v)); else ctx.state.values.delete(p.name);
        ctx.changed();
      } });
      return [p.name, input, p.unit, ctx.say(p.meaning), p.source];
    });
    return [el("p", { class: "quiet" }, ctx.L("parametersText")), dataTable([ctx.L("choose"), ctx.L("value"), ctx.L("unit"), ctx.L("meaning"), ctx.L("source")], rows)];
  };
}
