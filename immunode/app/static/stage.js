"use strict";
/* The stage: states as circles whose area is their amount, processes as arrows whose width is their flux. */

const SVG = "http://www.w3.org/2000/svg", STAGE_WIDTH = 760, STAGE_HEIGHT = 460;
const KINDS = { cell: "#8fc1e3", signal: "#f4c27a", pathogen: "#e79b94", drug: "#b9a7dd", damage: "#c9cdd2", "": "#a9d3b5" };

/* Makes an element; text goes in as text, never as markup. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  return fill(node, attributes, children);
}
function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.startsWith("aria-") || name === "tabindex") node.setAttribute(name, String(value));
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}
const pressed = (action) => ({
  onclick: action,
  onkeydown: (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); action(e); } },
});

/* Angles of n points that are equally far apart along an ellipse, the first just right of its top. */
function evenAngles(n, wide, high) {
  const fine = 720, along = [0];
  const at = (i) => -Math.PI / 2 + (2 * Math.PI * i) / fine;
  for (let i = 0; i < fine; i++) along.push(along[i] + Math.hypot(wide * Math.sin(at(i + 0.5)), high * Math.cos(at(i + 0.5))));
  return Array.from({ length: n }, (_, i) => at(along.findIndex((s) => s >= (along[fine] * (i + 0.5)) / n)));
}

/* Where everything stands: states on an ellipse; arrows to and from outside leave in a fan. */
function layout(lab, state) {
  const shown = lab.states.filter((s) => s.own || state.on.has(s.name.split(".")[0]));
  const n = shown.length, most = Math.min(46, 260 / Math.max(n, 3) + 14), place = new Map();
  const wide = STAGE_WIDTH / 2 - most - 70, high = STAGE_HEIGHT / 2 - most - 58;
  const angles = evenAngles(n, wide, high);
  shown.forEach((s, i) => {
    const a = angles[i];
    const x = STAGE_WIDTH / 2 + (n === 1 ? 0 : wide * Math.cos(a)), y = STAGE_HEIGHT / 2 + (n === 1 ? 0 : high * Math.sin(a));
    place.set(s.name, { x, y, angle: n === 1 ? -Math.PI / 2 : a, fan: [], kind: s.kind });
  });
  const arrows = [];
  lab.processes.forEach((p, j) => {
    const taken = [...new Set(p.taken.map(([s]) => s))].filter((s) => place.has(s));
    const made = [...new Set(p.made.map(([s]) => s))].filter((s) => place.has(s));
    if (taken.length && made.length) taken.forEach((a) => made.forEach((b) => { if (a !== b) arrows.push({ j, from: a, to: b }); }));
    else if (made.length) made.forEach((b) => { const one = { j, from: null, to: b }; place.get(b).fan.push(one); arrows.push(one); });
    else taken.forEach((a) => { const one = { j, from: a, to: null }; place.get(a).fan.push(one); arrows.push(one); });
  });
  place.forEach((spot) => {
    const m = spot.fan.length, spread = Math.min(2.4, 0.6 * (m - 1));
    spot.fan.forEach((arrow, i) => { arrow.angle = spot.angle + (m === 1 ? 0 : -spread / 2 + (spread * i) / (m - 1)); });
  });
  return { place, arrows, most };
}

function pathOf(arrow, place, most) {
  if (arrow.from && arrow.to) {
    const a = place.get(arrow.from), b = place.get(arrow.to), dx = b.x - a.x, dy = b.y - a.y, d = Math.hypot(dx, dy) || 1;
    const bend = 22, mx = (a.x + b.x) / 2 - (bend * dy) / d, my = (a.y + b.y) / 2 + (bend * dx) / d, gap = most + 4;
    const s = Math.hypot(mx - a.x, my - a.y) || 1, e = Math.hypot(mx - b.x, my - b.y) || 1;
    return `M${a.x + (gap * (mx - a.x)) / s},${a.y + (gap * (my - a.y)) / s}Q${mx},${my} ${b.x + ((gap + 8) * (mx - b.x)) / e},${b.y + ((gap + 8) * (my - b.y)) / e}`;
  }
  const spot = place.get(arrow.from || arrow.to), cos = Math.cos(arrow.angle), sin = Math.sin(arrow.angle);
  const near = most + (arrow.to ? 12 : 4), far = most + 50;
  const inner = `${spot.x + near * cos},${spot.y + near * sin}`, outer = `${spot.x + far * cos},${spot.y + far * sin}`;
  return arrow.to ? `M${outer}L${inner}` : `M${inner}L${outer}`;
}

function makeStage(ctx) {
  const picture = svg("svg", { viewBox: `0 0 ${STAGE_WIDTH} ${STAGE_HEIGHT}`, role: "group", "aria-label": ctx.L("stage") });
  const equation = el("p", { class: "equation", "aria-live": "polite" });
  const slider = el("input", { type: "range", min: 0, max: POINTS - 1, value: 0, "aria-label": ctx.L("time"), id: "time", oninput: () => ctx.setTime(+slider.value) });
  const output = el("output", { for: "time" });
  const play = el("button", { id: "play", onclick: () => toggle() }, ctx.L("play"));
  let timer = 0, drawn = null, nodes = [], lines = [], chosen = null;

  function toggle() {
    if (timer) { cancelAnimationFrame(timer); timer = 0; play.textContent = ctx.L("play"); return; }
    play.textContent = ctx.L("pause");
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches, pace = calm ? 40 : 1;
    let last = 0;
    const tick = (now) => {
      if (now - last >= (calm ? 800 : 16)) {
        last = now;
        if (ctx.k >= POINTS - 1) { timer = 0; play.textContent = ctx.L("play"); return; }
        ctx.setTime(Math.min(ctx.k + pace, POINTS - 1));
      }
      timer = requestAnimationFrame(tick);
    };
    if (ctx.k >= POINTS - 1) ctx.setTime(0);
    timer = requestAnimationFrame(tick);
  }

  function build() {
    drawn = layout(ctx.lab, ctx.state);
    picture.replaceChildren(svg("defs", {}, svg("marker", { id: "tip", viewBox: "0 0 10 10", refX: 5, refY: 5, markerWidth: 11, markerHeight: 11, markerUnits: "userSpaceOnUse", orient: "auto" },
      svg("path", { d: "M0,0L10,5L0,10z", fill: "#4b5663" }))));
    lines = drawn.arrows.map((arrow) => {
      const d = pathOf(arrow, drawn.place, drawn.most), process = ctx.lab.processes[arrow.j];
      const line = svg("path", { class: "line", d, "marker-end": "url(#tip)" });
      const action = () => { chosen = chosen === arrow.j ? null : arrow.j; update(); };
      const label = `${process.name}: ${process.meaning}; ${arrow.from || ctx.L("outside")} → ${arrow.to || ctx.L("outside")}`;
      const group = svg("g", { class: "arrow", tabindex: 0, role: "button", "aria-label": label, "data-process": process.name, ...pressed(action) }, svg("title", {}, label), svg("path", { class: "hit", d }), line);
      picture.append(group);
      return { arrow, line, group };
    });
    nodes = [...drawn.place].map(([name, spot]) => {
      const circle = svg("circle", { cx: spot.x, cy: spot.y, r: drawn.most, fill: KINDS[spot.kind] || KINDS[""] });
      const value = svg("text", { class: "value", x: spot.x, y: spot.y + 13, "text-anchor": "middle" });
      const q = ctx.lab.quantities[ctx.lab.quantity.get(name)];
      const short = name.length > 14 ? name.slice(0, 13) + "…" : name;
      const group = svg("g", { class: "node", tabindex: 0, role: "button", "data-state": name, ...pressed(() => ctx.toggleShown(name)) },
        svg("title", {}, `${name}: ${q.meaning}`), svg("circle", { cx: spot.x, cy: spot.y, r: drawn.most, fill: "transparent", style: "stroke:none" }), circle, svg("text", { x: spot.x, y: spot.y - 1, "text-anchor": "middle" }, short), value);
      picture.append(group);
      return { name, circle, value, group };
    });
    const influences = svg("g", { "aria-hidden": "true" });
    picture.append(influences);
    drawn.influences = influences;
  }

  /* Peaks over both runs: sizes can be compared between with and without. */
  function peaks() {
    const n = ctx.lab.program.states, most = new Float64Array(n + ctx.lab.program.fluxes).fill(1e-300);
    for (const run of [ctx.control, ctx.treated]) {
      if (!run || run.status !== "ok") continue;
      run.y.forEach((y, k) => {
        for (let i = 0; i < n; i++) most[i] = Math.max(most[i], Math.abs(y[i]));
        if (k % 4 === 0) observeAt(ctx.lab, run, k).slice(0, ctx.lab.program.fluxes).forEach((v, j) => { most[n + j] = Math.max(most[n + j], Math.abs(v)); });
      });
    }
    ctx.peaks = most;
  }

  function update() {
    /* while a curve is being guessed, the stage shows what happens without treatment */
    const run = ctx.guess ? ctx.control : ctx.treated, n = ctx.lab.program.states;
    slider.value = ctx.k;
    const unit = ctx.lab.timeIsScaled ? "" : ` ${ctx.lab.timeUnit}`;
    output.textContent = `t = ${FIGURES(run.times[ctx.k])}${unit}`;
    if (run.status !== "ok") return;
    const seen = observeAt(ctx.lab, run, ctx.k), y = run.y[ctx.k];
    nodes.forEach(({ name, circle, value, group }) => {
      const i = ctx.lab.quantity.get(name);
      circle.setAttribute("r", Math.max(2, drawn.most * Math.sqrt(Math.min(Math.abs(y[i]) / ctx.peaks[i], 1))).toFixed(2));
      value.textContent = FIGURES(y[i]);
      group.classList.toggle("chosen", ctx.state.shown.includes(name));
      group.setAttribute("aria-pressed", ctx.state.shown.includes(name));
    });
    const top = Math.max(...ctx.peaks.slice(n));
    lines.forEach(({ arrow, line, group }) => {
      const share = Math.min(Math.abs(seen[arrow.j]) / ctx.peaks[n + arrow.j], 1);
      line.setAttribute("stroke-width", (0.6 + 7 * share).toFixed(2));
      line.setAttribute("stroke-opacity", top > 0 && seen[arrow.j] === 0 ? 0.35 : 0.9);
      group.classList.toggle("chosen", chosen === arrow.j);
      group.setAttribute("aria-pressed", chosen === arrow.j);
    });
    drawn.influences.replaceChildren();
    equation.textContent = chosen === null ? `${ctx.L("tap")} ${ctx.L("size")}` : equationText(ctx, chosen, y, seen, run.p[ctx.k]);
    if (chosen !== null) influence(ctx.lab.processes[chosen]);
  }

  function influence(process) {
    const target = drawn.place.get([...process.made, ...process.taken].map(([s]) => s).find((s) => drawn.place.has(s)));
    process.modifiers.forEach((name) => {
      const from = drawn.place.get(name);
      if (from && target && from !== target) drawn.influences.append(svg("path", { class: "influence", d: `M${from.x},${from.y}L${target.x},${target.y}` }));
    });
  }
  return { section: el("section", { class: "stage", "aria-labelledby": "stage-h" }, el("h2", { id: "stage-h" }, ctx.L("stage")), picture, el("div", { class: "time" }, play, slider, output), equation), build, update, peaks };
}

/* The rate of a process as written, and with the numbers of now in place of names. */
function equationText(ctx, j, y, seen, p) {
  const lab = ctx.lab, process = lab.processes[j], n = lab.program.states, now = new Map();
  lab.parameters.forEach((one, i) => now.set(one.name, p[i]));
  lab.switchNames.forEach((name, i) => now.set(name, p[lab.parameters.length + i]));
  lab.quantities.forEach((q, i) => { if (q.kind !== "flux") now.set(q.name, i < n ? y[i] : seen[i - n]); });
  lab.quantities.forEach((q) => { if (q.name.endsWith(".effective")) now.set(q.name.slice(0, -10), now.get(q.name)); });
  now.set("t", ctx.treated.times[ctx.k]);
  const filled = process.rate.replace(/[A-Za-z_][\w.]*/g, (word) => (now.has(word) ? FIGURES(now.get(word)) : word));
  return `${process.name}${process.meaning ? ` (${process.meaning})` : ""}: ${process.rate} = ${filled} = ${FIGURES(seen[j])}`;
}
