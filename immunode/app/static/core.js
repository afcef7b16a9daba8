"use strict";
/* The lab without a page: what a state of the controls means, its run, its link, its code. All of it is data. */

const POINTS = 401, MOST_POINTS = 1601, A_DOSE = 8, DRAWN_RTOL = 1e-6, CLASS_POINTS = 61, CLASS_RTOL = 3e-4, DELAYED_RTOL = 3e-6, CLASS_STEPS = 4000, CLASS_PATIENCE = 500, PATIENTS = 200, LONGEST_LINK = 32000, GHOSTS = 3, MOST_DOSES = 200, DEPOT_SHARE = 0.1;
const FIGURES = (v) => {
  if (v === 0 || !isFinite(v)) return v === 0 ? "0" : "–";
  if (Math.abs(v) < 1e5 && Math.abs(v) >= 1e-3) return String(+v.toPrecision(4));
  const [digits, power] = v.toExponential(2).split("e");
  return `${+digits}×10${raised(+power)}`;
};
const raised = (power) => String(power).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[+c]));
/* The power of ten that numbers of an axis share, 0 where they are written out; and a unit with it before it. */
function powerFor(values) {
  const most = Math.max(...values.map(Math.abs));
  return most > 0 && (most >= 1e5 || most < 1e-3) ? Math.floor(Math.log10(most) + 1e-9) : 0;
}
function inPowers(unit, power) {
  const [, own_, rest] = /^10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+) (.+)$/.exec(unit) || [], all = power + (own_ ? numberOf(own_) : 0);
  if (!power) return unit;
  return all ? `${unit ? "" : "×"}10${raised(all)}${unit ? ` ${rest || unit}` : ""}` : rest;
}
const numberOf = (text) => +text.replace(/./g, (c) => (c === "⁻" ? "-" : String("⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c))));
/* Numbers of an axis, all with the same power of ten. */
function ticks(values) {
  const power = powerFor(values.filter((v) => v !== null));
  return values.map((v) => (v === null ? "" : v === 0 || !power ? FIGURES(v) : `${+(v / 10 ** power).toPrecision(4)}×10${raised(power)}`));
}
/* A value with its unit. What is left of a state at a millionth of its largest value is as good as nothing. */
const NOTHING = 1e-6;
function amount(v, unit = "", most = 0) {
  const [, power, rest] = /^10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+) (.+)$/.exec(unit) || [];
  const factor = power ? 10 ** numberOf(power) : 1;
  const word = v !== 0 && Math.abs(v) < NOTHING * most ? "≈ 0" : FIGURES(v * factor), last = rest || unit;
  return last ? `${word} ${last}` : word;
}
const own = (object, key) => Object.prototype.hasOwnProperty.call(object, key);

/* Adds look-up tables to the data of a model. */
function openLab(data, program, rest) {
  const lab = { ...data, program, rest };
  lab.row = new Map(data.parameters.map((p, i) => [p.name, i]));
  lab.place = new Map(data.interventions.map((it) => [it.name, it]));
  lab.quantity = new Map(data.quantities.map((q, i) => [q.name, i]));
  lab.points = pointsOf(lab);
  lab.spans = (points) => Float64Array.from({ length: points }, (_, i) => (data.horizon * i) / (points - 1));
  return lab;
}
/* How many times a run is drawn at: doses at regular times are seen alike, several times each. */
function pointsOf(lab) {
  const p = new Float64Array(lab.program.parameters), raw = new Float64Array(3 * lab.program.breaks);
  lab.parameters.forEach((one, i) => { p[i] = own(one, "owner") ? one.full : one.value; });
  lab.program.switches(p);
  lab.program.schedule(p, raw);
  const often = {};
  lab.breakOwners.forEach((owner, i) => {
    if (lab.program.movesState[i] && raw[3 * i + 2] > 1 && raw[3 * i + 1] > 0) often[owner] = (often[owner] || 0) + lab.horizon / raw[3 * i + 1];
  });
  const doses = Math.max(1, Math.round(Math.max(0, ...Object.values(often)))), each = Math.min(A_DOSE, Math.floor((MOST_POINTS - 1) / doses));
  return each * doses > POINTS - 1 ? each * doses + 1 : POINTS;
}
const openLabOf = (data, made) => openLab(data, made.program, data.restRows && { ...data.restRows, program: made.rest });

/* What the controls say. times: of interventions with single doses, instead of what their numbers say about when. */
function freshState(lab) {
  return { lab: lab.id, on: new Map(), times: new Map(), values: new Map(), shown: lab.readouts.slice(0, 3) };
}

/* The least and most that a number of the page may be. */
function range(lab, name) {
  const p = lab.parameters[lab.row.get(name)], knob = name.slice(name.lastIndexOf(".") + 1);
  if (own(p, "owner")) {
    if (knob === "strength") return [0, 1];
    if (knob === "stop") return [0, Math.max(lab.horizon, p.full)];
    if (knob === "start" || knob === "pulses_start") return [0, lab.horizon];
    if (knob === "n") return [1, 1000];
  }
  const size = Math.abs(p.value) || 1, wide = p.value < 0 ? [-100 * size, -size / 100] : [size / 100, 100 * size];
  return p.bounds ? [Math.min(p.bounds[0], p.value), Math.max(p.bounds[1], p.value)] : wide;
}

function clamp(lab, name, value) {
  const [low, high] = range(lab, name), v = Math.min(Math.max(value, low), high);
  return name.endsWith(".n") ? Math.round(v) : v;
}

/* All parameters of a run: declared, then changed ones, then knobs of the interventions that are on. */
function valuesOf(lab, state, treated = true) {
  const values = Float64Array.from(lab.parameters, (p) => p.value);
  state.values.forEach((v, name) => { values[lab.row.get(name)] = v; });
  if (treated) {
    state.on.forEach((knobs) => knobs.forEach((v, name) => { values[lab.row.get(name)] = v; }));
  }
  return values;
}

/* An event of an intervention that has no strength changes nothing, and is left out. */
function skipOf(lab, values) {
  return lab.breakOwners.map((owner) => owner !== "" && values[lab.row.get(owner + ".strength")] === 0);
}

/* What runs need beside values: names of interventions that are on, and times of breaks that are given freely. */
function treatmentOf(lab, state) {
  const given = {};
  state.times.forEach((times, name) => lab.place.get(name).doses.breaks.forEach((b, i) => { given[b] = i === 0 ? times : []; }));
  return { on: [...state.on.keys()], given };
}

/* Sizes below which depots need no digits: what is left in one matters by what still flows out of it. */
function usualOf(lab, run, quantity) {
  const usual = new Float64Array(lab.program.states);
  if (run.status === "ok") lab.depots.forEach((i) => { if (lab.quantities[i].name !== quantity) usual[i] = DEPOT_SHARE * ENDPOINTS.peak(run.y.map((y) => Math.abs(y[i]))); });
  return usual;
}

/* Sorted times inside the run, each once; at most as many as a link may hold. */
function tidyTimes(lab, times) {
  const good = times.filter((t) => typeof t === "number" && t >= 0 && t < lab.horizon);
  return [...new Set(good)].sort((a, b) => a - b).slice(0, MOST_DOSES);
}

/* Times at which something is put in by an intervention, at most `most`. */
function dosesOf(lab, state, it, most = 400) {
  if (state.times.has(it.name)) return state.times.get(it.name);
  const p = new Float64Array(lab.program.parameters), raw = new Float64Array(3 * lab.program.breaks), found = [];
  p.set(valuesOf(lab, state));
  lab.program.switches(p);
  lab.program.schedule(p, raw);
  lab.breakOwners.forEach((owner, i) => {
    if (owner !== it.name || !lab.program.movesState[i]) return;
    for (let k = 0; k < Math.min(Math.round(raw[3 * i + 2]), most); k++) {
      const t = raw[3 * i] + k * raw[3 * i + 1];
      if (t >= 0 && t <= lab.horizon) found.push(t);
    }
  });
  return found.sort((a, b) => a - b);
}

function simulate(lab, values, options = {}) {
  const times = lab.spans(options.points || lab.points);
  let initial = lab.initial;
  if (lab.rest) {
    const found = findRest(lab.rest.program, TABLEAU, lab.rest.values.map((i) => values[i]), lab.horizon);
    if (!found) return { status: "no steady state", times, y: [] };
    initial = new Array(lab.program.states).fill(NaN);
    lab.rest.states.forEach((s, i) => { initial[s] = found[i]; });
  }
  const run = integrate(lab.program, TABLEAU, values, times, { ...options, initial, skip: skipOf(lab, values) });
  run.values = values;
  return run;
}

/* One quantity over time: a state, a flux or a derived one. */
function course(lab, run, name) {
  const i = lab.quantity.get(name), n = lab.program.states;
  if (i < n) return Array.from(run.y, (y) => y[i]);
  const seen = new Float64Array(lab.program.fluxes + lab.program.derived);
  return Array.from(run.y, (y, k) => { lab.program.observe(run.times[k], y, run.p[k], seen); return seen[i - n]; });
}

function observeAt(lab, run, k) {
  const seen = new Float64Array(lab.program.fluxes + lab.program.derived);
  lab.program.observe(run.times[k], run.y[k], run.p[k], seen);
  return seen;
}

const ENDPOINTS = {
  final: (y) => y[y.length - 1],
  peak: (y) => y.reduce((a, b) => Math.max(a, b), -Infinity),
  trough: (y) => y.reduce((a, b) => Math.min(a, b), Infinity),
  mean: (y) => y.reduce((a, b, i) => a + b * (i === 0 || i === y.length - 1 ? 0.5 : 1), 0) / (y.length - 1),
};

/* The bars of Why?: what each flux brought to a state more than without treatment, and what was put in at once. */
function why(lab, state, name, rtol) {
  const both = [false, true].map((treated) => simulate(lab, valuesOf(lab, state, treated), { rtol, fluxes: true, given: treatmentOf(lab, state).given }));
  if (both.some((run) => run.status !== "ok")) return null;
  const s = lab.quantity.get(name), bars = [];
  lab.processes.forEach((process, j) => {
    const count = process.made.reduce((a, [n, k]) => a + (n === name ? k : 0), 0)
      - process.taken.reduce((a, [n, k]) => a + (n === name ? k : 0), 0);
    if (count === 0) return;
    /* the volume of a compartment may be a parameter */
    const size = process.volumes[name], [without, within] = both.map((run) => (count * run.integrals[j]) / (typeof size === "string" ? run.values[lab.row.get(size)] : size));
    bars.push({ name: process.name, meaning: process.meaning, without, with: within, change: within - without });
  });
  const [without, within] = both.map((run) => run.jumps[s]);
  if (without !== 0 || within !== 0) bars.push({ name: "", without, with: within, change: within - without });
  const last = both.map((run) => run.y[run.y.length - 1][s]);
  bars.sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
  return { bars, change: last[1] - last[0] };
}

/* A small generator of random numbers, so that the class is the same on every machine (mulberry32). */
function numbers(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let r = Math.imul(a ^ (a >>> 15), 1 | a);
    r = (r + Math.imul(r ^ (r >>> 7), 61 | r)) ^ r;
    return ((r ^ (r >>> 14)) >>> 0) / 4294967296;
  };
}

/* Numbers as they are shipped: 32-bit floats in base64. */
function floatsOf(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/* Virtual patients of the population that the model declares; what was set by hand is the same in all of them. Where
   none is declared: every own parameter that is not 0 within +-30 %, log-uniform, inside its declared bounds. */
function patients(lab, state, n = PATIENTS, seed = 7) {
  const draw = numbers(seed), base = valuesOf(lab, state, true), low = Math.log(0.7), high = Math.log(1.3);
  if (lab.cohort) {
    const { rows } = lab.cohort, drawn = floatsOf(lab.cohort.values);
    return Array.from({ length: Math.min(n, lab.cohort.n) }, (_, k) => {
      const values = base.slice();
      rows.forEach((row, j) => { if (!state.values.has(lab.parameters[row].name)) values[row] = drawn[k * rows.length + j]; });
      return values;
    });
  }
  return Array.from({ length: n }, () => {
    const values = base.slice();
    lab.parameters.forEach((p, i) => {
      if (own(p, "owner") || p.value === 0) return;
      const moved = base[i] * Math.exp(low + (high - low) * draw());
      values[i] = p.bounds ? Math.min(Math.max(moved, p.bounds[0]), p.bounds[1]) : moved;
    });
    return values;
  });
}

/* Circles are told apart by tenths: at this tolerance end points lie within 1e-3 of exact ones. Where delays feed on
   themselves it takes a finer one. */
const classRtol = (lab) => (lab.program.delays.length ? DELAYED_RTOL : CLASS_RTOL);

/* One patient with and without treatment; `goal` is -1 where lower is better, else 1; `enough` a fraction. */
function respond(lab, treatment, values, quantity, endpoint, goal, enough) {
  const control = values.slice();
  treatment.on.forEach((name) => { control[lab.row.get(name + ".strength")] = 0; });
  const options = { points: CLASS_POINTS, rtol: classRtol(lab), maxSteps: CLASS_STEPS, patience: CLASS_PATIENCE, given: treatment.given, usual: treatment.usual };
  const runs = [];
  for (const one of [control, values]) {
    runs.push(simulate(lab, one, options));
    if (runs[runs.length - 1].status !== "ok") return { failed: true };
  }
  const courses = runs.map((run) => course(lab, run, quantity)), all = courses.flat();
  /* at the tolerance of the class, what is below 1e-5 of the largest value has no digits left */
  const least = 1e-5 * Math.max(ENDPOINTS.peak(all), -ENDPOINTS.trough(all));
  const [without, within] = courses.map((y) => ENDPOINTS[endpoint](y)).map((v) => (Math.abs(v) <= least ? 0 : v));
  const change = without === 0 ? (within === 0 ? 0 : Infinity * Math.sign(within)) : (within - without) / Math.abs(without);
  return { failed: false, without, within, change, responder: goal * change >= enough };
}

/* How alike the shapes of two curves are, from 0 to 1: their correlation, 0 where they go opposite ways. */
function shapeScore(expected, found) {
  const pairs = expected.map((v, i) => [v, found[i]]).filter(([a, b]) => isFinite(a) && isFinite(b));
  if (pairs.length < 2) return 0;
  const mean = (k) => pairs.reduce((s, p) => s + p[k], 0) / pairs.length;
  const a = mean(0), b = mean(1);
  let ab = 0, aa = 0, bb = 0;
  pairs.forEach(([x, y]) => { ab += (x - a) * (y - b); aa += (x - a) ** 2; bb += (y - b) ** 2; });
  const flat = (s, m) => Math.sqrt(s / pairs.length) <= 1e-3 * Math.max(Math.abs(m), 1e-300);
  if (flat(aa, a) || flat(bb, b)) return flat(aa, a) && flat(bb, b) ? 1 : 0;
  return Math.max(0, ab / Math.sqrt(aa * bb));
}

/* Text of a card in the language of `phrases`: known whole, before the name of a variant, or made of known phrases; what is not known stays. */
function sayIn(phrases, text) {
  if (!phrases) return text;
  if (own(phrases.whole, text)) return phrases.whole[text];
  const [, title, variant] = /^(.*)( \([^()]*\))$/.exec(text) || [];
  if (variant && own(phrases.whole, title)) return phrases.whole[title] + variant;
  return phrases.patterns.reduce((said, [pattern, words]) => said.replace(new RegExp(pattern, "g"), words), text);
}

/* Whether a curve that begins above 0 and changes would lie on the axis of a linear panel up to `top`. */
const NEXT_TO_AXIS = 0.02;
function looksLikeNothing(y, top) {
  const most = Math.max(...y), least = Math.min(...y);
  return y[0] > 0 && most < NEXT_TO_AXIS * top && most > 1.5 * least;
}

/* Whether decades are what curves of a quantity show: as `study.log_axes` decides for figures; and where else one of
   them could not be told from 0. */
function showsDecades(lab, name, curves) {
  if (lab.logarithmic.includes(name)) return true;
  const kind = lab.quantities[lab.quantity.get(name)].decades, values = curves.flat().filter(isFinite), positive = values.filter((v) => v > 0).sort((a, b) => a - b);
  if (!kind || !positive.length) return false;
  if (curves.some((y) => looksLikeNothing(y, positive[positive.length - 1])) && Math.min(...values) >= 0) return true;
  const top = positive[positive.length - 1], ends = curves.map((y) => Math.max(y[y.length - 1], 0));
  if (Math.min(...values) < -1e-3 * top) return false;
  if (!curves.some((y, i) => Math.max(...y) > 100 * ends[i]) && !(Math.max(...ends) > 10 * Math.min(...ends))) return false;
  if (kind === "counted") return Math.log10(top / positive[0]) >= lab.decades.counted;
  const at = (q) => positive[Math.round(q * (positive.length - 1))], spanned = Math.log10(at(0.95) / at(0.05));
  return positive.length >= 0.95 * values.length && spanned >= lab.decades.other && spanned <= lab.decades.most;
}

/* The state of the controls as text for a link, and back; what is not known to the lab is dropped, never run. */
function toLink(state, language, scenario = "") {
  const on = Array.from(state.on, ([name, knobs]) => [name, Array.from(knobs)]);
  const text = JSON.stringify({ v: 1, m: state.lab, on, t: Array.from(state.times), p: Array.from(state.values), q: state.shown, l: language, ...(scenario ? { s: scenario } : {}) });
  return btoa(String.fromCharCode(...new TextEncoder().encode(text))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function fromLink(labs, link) {
  if (typeof link !== "string" || !link || link.length > LONGEST_LINK || !/^[\w-]+$/.test(link)) return null;
  let data;
  try {
    const bytes = Uint8Array.from(atob(link.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    data = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    return null;
  }
  if (!data || data.v !== 1) return null;
  const lab = labs.find((one) => one.id === data.m);
  if (!lab) return null;
  const state = freshState(lab), list = (value) => (Array.isArray(value) ? value.slice(0, 200) : []);
  const accept = (map, name, value, owner) => {
    if (typeof name !== "string" || typeof value !== "number" || !isFinite(value) || !lab.row.has(name)) return;
    if ((lab.parameters[lab.row.get(name)].owner || "") === owner) map.set(name, clamp(lab, name, value));
  };
  list(data.on).forEach((entry) => {
    const [name, knobs] = list(entry), it = lab.place.get(name);
    if (!it) return;
    const map = new Map(it.knobs.map((k) => [k, lab.parameters[lab.row.get(k)].full]));
    list(knobs).forEach((pair) => { const [k, v] = list(pair); accept(map, k, v, it.name); });
    state.on.set(it.name, map);
  });
  list(data.t).forEach((entry) => {
    const [name, times] = list(entry);
    if (state.on.has(name) && lab.place.get(name).doses) state.times.set(name, tidyTimes(lab, list(times)));
  });
  list(data.p).forEach((pair) => { const [name, value] = list(pair); accept(state.values, name, value, ""); });
  const shown = list(data.q).filter((q) => lab.quantity.has(q));
  if (shown.length) state.shown = [...new Set(shown)].slice(0, 6);
  return { state, language: typeof data.l === "string" ? data.l : "", scenario: typeof data.s === "string" ? data.s : "" };
}

const quoted = (text) => JSON.stringify(text).replace(/[\u007f-\uffff]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));

/* Knobs that say when doses are given; with free times they say nothing. */
const WHEN = /\.(start|stop|every|n|interval|offset_\d+|time_\d+)$/;
const idle = (state, owner, knob) => state.times.has(owner) && WHEN.test(knob);

/* Python that gives the same numbers. */
function pythonCode(lab, state) {
  const lines = [], settings = new Map(state.values), names = [];
  const full = (knob) => lab.parameters[lab.row.get(knob)].full;
  const free = (name) => state.times.has(name), none = (name) => free(name) && !state.times.get(name).length;
  const moved = (name) => !free(name) && lab.place.get(name).windowed && [...state.on.get(name)].some(([k, v]) => /\.(start|stop)$/.test(k) && v !== full(k));
  if ([...state.on.keys()].some((name) => moved(name) || (free(name) && !none(name)))) lines.push("from dataclasses import replace", "");
  lines.push("import immunode as im", "", `model = ${lab.call}`);
  state.on.forEach((knobs, name) => {
    if (none(name)) return;
    const plain = `model.intervention(${quoted(name)})`, times = free(name) ? state.times.get(name).join(", ") : "";
    const changed = free(name) ? lab.place.get(name).doses.code.replace("{times}", times) : moved(name) ? `schedule=im.during(0, ${lab.beyond})` : "";
    names.push(changed ? `replace(${plain}, ${changed})` : plain);
    knobs.forEach((v, knob) => { if (!idle(state, name, knob) && v !== lab.parameters[lab.row.get(knob)].full) settings.set(knob, v); });
  });
  if (names.length) lines.push("interventions = [", ...names.map((text) => `    ${text},`), "]");
  if (settings.size) lines.push("changed = {", ...Array.from(settings, ([name, v]) => `    ${quoted(name)}: ${v},`), "}");
  const perturbed = names.length ? "im.perturb(model, interventions)" : "model";
  lines.push(`treated = ${perturbed}${settings.size ? ".with_values(changed)" : ""}`, "");
  lines.push(`run = im.simulate(treated, until=${lab.horizon}, rtol=1e-8)`, "frame = run.to_frame()", "print(frame.tail())");
  lines.push(`run.plot(${state.shown.map(quoted).join(", ")}).savefig("figure.png")`);
  return lines.join("\n") + "\n";
}

function csv(lab, run, names) {
  const columns = names.map((name) => course(lab, run, name));
  const safe = (text) => (/^[=+@\t\r-]/.test(text) ? `'${text}` : text); // a spreadsheet computes what begins so
  const cell = (text) => (/[",\r\n]/.test(text) ? `"${safe(text).replace(/"/g, '""')}"` : safe(text));
  const rows = Array.from(run.times, (t, i) => [t, ...columns.map((c) => c[i])].join(","));
  return [["time", ...names].map(cell).join(","), ...rows].join("\n") + "\n";
}

if (typeof module !== "undefined") {
  module.exports = { openLab, freshState, valuesOf, simulate, course, why, patients, respond, shapeScore, toLink, fromLink,
    treatmentOf, dosesOf, tidyTimes, pythonCode, csv, clamp, skipOf, ENDPOINTS };
}
