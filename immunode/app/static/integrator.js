"use strict";
/* One run of a program, from 0 to the last of `times`: a Rosenbrock method (Rodas5P) that ends steps exactly at breaks.
   Coefficients come from the same table as those of the Python engines. */

const SOLVER = { growMost: 10, shrinkMost: 0.2, shrinkNotFinite: 0.1, safety: 0.95, restart: 0.1, steepest: 1e30, floor: 1e-3, smallest: 1e-6,
  eps: 2.220446049250313e-16, oneTime: 1e-13 };
/* At this tolerance and looser ones values are read off inside steps; for finer ones steps end at the times asked for. */
const READ_OFF = 1e-7;

/* usual[i]: a size of state i below which it needs no digits, if that is more. */
function absoluteTolerance(program, y0, rtol, usual) {
  return y0.map((v, i) => {
    const typical = program.typical[i];
    const least = SOLVER.floor * (typical > 0 ? typical : Math.max(Math.abs(v), SOLVER.smallest));
    return rtol * (usual ? Math.max(least, usual[i]) : least);
  });
}

function allFinite(x) {
  for (let i = 0; i < x.length; i++) if (x[i] - x[i] !== 0) return false;
  return true;
}

/* The stages of one step. It keeps all arrays that it needs and is made once a program: a compiler of JavaScript does
   well with a function that stays the same. */
const STEPPERS = new WeakMap();
function stepperOf(program, tableau) {
  if (!STEPPERS.has(program)) STEPPERS.set(program, makeStepper(program, tableau));
  return STEPPERS.get(program);
}

function makeStepper(program, tableau) {
  const n = program.states, stages = tableau.nodes.length, pattern = patternOf(program), { at, slots, diagonal } = pattern;
  const jac = new Float64Array(slots.length), lu = new Float64Array(pattern.columns.length), row = new Float64Array(n);
  const u = new Float64Array(n), b = new Float64Array(n), right = new Float64Array(n), byTime = new Float64Array(n);
  /* k[i * stages + j]: stage j of state i, so that the sums over stages run along memory */
  const k = new Float64Array(n * stages), x = new Float64Array(n), error = new Float64Array(n), square = (rows) => {
    const flat = new Float64Array(stages * stages);
    rows.forEach((r, s) => r.forEach((v, j) => { flat[(s + 1) * stages + j] = v; }));
    return flat;
  };
  const a = square(tableau.a), d = square(tableau.c), nodes = Float64Array.from(tableau.nodes), times = Float64Array.from(tableau.times);
  const { rhs, jacobian, timeDerivative } = program;
  const bySlope = program.delays.length ? new Float64Array(program.delays.length) : null, delayed = new Map(program.delays.map((one, i) => [one.row, i]));
  step.stages = k;
  return step;
  function step(t, y, c, h, yNew, delays) {
    const w = 1 / (h * tableau.gamma), perStep = 1 / h;
    jacobian(t, y, c, jac);
    lu.fill(0);
    /* an infinite slope at 0, as of x^0.8, counts as none: the method loses order there, its error estimate does not */
    for (let e = 0; e < slots.length; e++) lu[slots[e]] = Math.abs(h * jac[e]) < SOLVER.steepest ? -jac[e] : 0;
    for (let i = 0; i < n; i++) lu[diagonal[i]] += w;
    if (!factorizeSparse(lu, pattern, row, 1e-12 * w)) return null;
    if (timeDerivative) timeDerivative(t, y, c, byTime); else byTime.fill(0);
    if (delays) {
      /* what was a lag ago is a function of time */
      delays.slopes(t, bySlope);
      program.jacobianColumns.forEach((column, e) => { if (delayed.has(column)) byTime[program.jacobianRows[e]] += jac[e] * bySlope[delayed.get(column)]; });
    }
    const moved = timeDerivative || delays;
    for (let s = 0; s < stages; s++) {
      const first = s * stages;
      for (let i = 0; i < n; i++) {
        let inner = y[i], sum = 0;
        for (let j = 0, e = i * stages, f = first; j < s; j++, e++, f++) {
          const v = k[e];
          inner += a[f] * v;
          sum += d[f] * v;
        }
        u[i] = inner;
        b[at[i]] = sum * perStep;
      }
      if (delays) delays.fill(t + nodes[s] * h, u, nodes[s] > 0);
      rhs(t + nodes[s] * h, u, c, right);
      if (!allFinite(right)) {
        /* next to 0 the inner points of a step may lie below it, where powers have no value */
        for (let i = 0; i < n; i++) if (u[i] < 0 && y[i] >= 0) u[i] = 0;
        rhs(t + nodes[s] * h, u, c, right);
      }
      const g = moved ? h * times[s] : 0;
      for (let i = 0; i < n; i++) b[at[i]] += right[i] + (g === 0 ? 0 : g * byTime[i]);
      substituteSparse(lu, pattern, b, x);
      for (let i = 0; i < n; i++) k[i * stages + s] = x[at[i]];
    }
    for (let i = 0; i < n; i++) { error[i] = x[at[i]]; yNew[i] = u[i] + error[i]; }
    if (delays) delays.fill(t + h, yNew, true);
    return error;
  }
}

function weighted(x, scale) {
  let sum = 0, count = 0;
  for (let i = 0; i < x.length; i++) {
    const v = x[i] / scale[i];
    if (v !== 0) { sum += v * v; count++; }   /* NaN counts */
  }
  return count ? Math.sqrt(sum / count) : 0;
}

/* Hairer, Norsett & Wanner 1993, II.4, as in the Python engines. */
function firstStep(program, t, y, c, slope, atol, rtol, longest) {
  const scale = y.map((v, i) => atol[i] + rtol * Math.abs(v));
  const size = weighted(y, scale), speed = weighted(slope, scale);
  let h = size < 1e-5 || speed < 1e-5 ? 1e-6 : 0.01 * size / speed;
  h = Math.min(isFinite(h) ? h : 1e-6, longest);
  const ahead = new Float64Array(y.length);
  program.rhs(t + h, y.map((v, i) => v + h * slope[i]), c, ahead);
  const bend = weighted(ahead.map((v, i) => v - slope[i]), scale) / h;
  const largest = Math.max(speed, bend);
  let step = largest <= 1e-15 ? Math.max(1e-6, h * 1e-3) : Math.pow(0.01 / largest, 0.2);
  if (!isFinite(step)) step = 1e-3 * h;
  return Math.min(100 * h, step, longest);
}

/* The events at known times of one run. skip[i]: leave break i out (its intervention has strength 0).
   given[i]: times that break i has instead of its own. */
function makeSchedule(program, p, skip, given) {
  const m = program.breaks, raw = new Float64Array(3 * m);
  program.schedule(p, raw);
  const first = [], every = [], count = [], time = [], fired = new Array(m).fill(0);
  let bad = false;
  const at = (i) => (given && given[i] ? given[i][fired[i]] : first[i] + every[i] * fired[i]);
  for (let i = 0; i < m; i++) {
    first.push(raw[3 * i]); every.push(raw[3 * i + 1]);
    count.push(skip && skip[i] ? 0 : given && given[i] ? given[i].length : Math.round(raw[3 * i + 2]));
    if (isNaN(first[i]) || isNaN(raw[3 * i + 2]) || (count[i] > 1 && !(every[i] >= 0))) bad = true;
    time.push(count[i] > 0 ? at(i) : Infinity);
  }
  function next() {
    let least = Infinity;
    for (let i = 0; i < m; i++) if (time[i] < least) least = time[i];
    return least;
  }
  /* returns the only break that fired, or -1 */
  function fire(t, y, p, told) {
    let only = -1, times = 0;
    for (let i = 0; i < m; i++) {
      while (time[i] <= t) {
        only = i;
        times++;
        const before = told ? Float64Array.from(y) : null;
        program.apply[i](t, y, p);
        if (told) told(i, t, before, y);
        fired[i]++;
        time[i] = fired[i] < count[i] ? at(i) : Infinity;
      }
    }
    return times === 1 ? only : -1;
  }
  const early = (t0) => time.some((v, i) => v < t0 && program.movesState[i]);
  return { bad, next, fire, early };
}

/* Nodes and weights of Gauss-Legendre with 3 points on [0, 1]. */
const GAUSS = [[0.1127016653792583, 5 / 18], [0.5, 4 / 9], [0.8872983346207417, 5 / 18]];

/* Adds the integral of all fluxes over a step, with y inside it from the cubic through both ends and their slopes. */
function addFluxes(program, t, y0, y1, f0, f1, h, p, seen, total) {
  const y = new Float64Array(y0.length);
  for (const [x, weight] of GAUSS) {
    const a = 1 - x;
    for (let i = 0; i < y.length; i++) {
      const rise = y1[i] - y0[i];
      y[i] = a * y0[i] + x * y1[i] + x * a * (a * (h * f0[i] - rise) - x * (h * f1[i] - rise));
    }
    program.observe(t + x * h, y, p, seen);
    for (let j = 0; j < total.length; j++) total[j] += weight * h * seen[j];
  }
}

/* Values inside the step that was taken last: a cubic through both ends and what the stages say of its bend. */
function makeInside(tableau, n, stages) {
  const s = tableau.nodes.length, bend = new Float64Array(3 * n), rows = tableau.dense.map((row) => Float64Array.from(row));
  return {
    open: () => {
      for (let i = 0; i < n; i++) for (let q = 0; q < 3; q++) {
        const row = rows[q];
        let sum = 0;
        for (let j = 0; j < s; j++) sum += row[j] * stages[i * s + j];
        bend[3 * i + q] = sum;
      }
    },
    at: (x, from, to) => {
      const y = new Float64Array(n), z = 1 - x;
      for (let i = 0, e = 0; i < n; i++, e += 3) y[i] = z * from[i] + x * (to[i] + z * (bend[e] + x * (bend[e + 1] + x * bend[e + 2])));
      return y;
    },
  };
}

/* Whether a lag is NaN, as that of 0 / 0: conditions on lags name those that are infinite or below 0. */
function lagIsNaN(program, p) {
  const lags = new Float64Array(program.delays.length);
  if (lags.length) program.lags(p, lags);
  return lags.some(isNaN);
}

/* options.patience: steps that a run may take more than its share of maxSteps so far, so that one that stands still ends.
   Returns {status, times, y: one Float64Array an output time, p: rows of parameters at each, steps, reached}; with
   options.fluxes also `integrals` of each flux and `jumps` of each state up to options.upTo. */
function integrate(program, tableau, values, times, options = {}) {
  const n = program.states, rtol = options.rtol || 1e-9, maxSteps = options.maxSteps || 100000, patience = options.patience || maxSteps;
  const p = new Float64Array(program.parameters);
  for (let i = 0; i < program.values; i++) p[i] = values[i];
  program.switches(p);
  const y = new Float64Array(n), out = { status: "ok", times, y: [], p: [], steps: 0, reached: 0, failed: -1 };
  program.initial(p, y);
  if (options.initial) options.initial.forEach((v, i) => { if (v === v && v !== null) y[i] = v; });
  if (lagIsNaN(program, p)) return { ...out, status: "the lag of a delay is infinite or NaN" };
  const held = new Float64Array(program.conditions);
  program.requirements(p, held);
  const failed = held.findIndex((v) => !v);
  const schedule = makeSchedule(program, p, options.skip, options.given);
  if (failed >= 0 || schedule.bad || y.some(isNaN) || Array.from(values).some((v) => !isFinite(v)) || schedule.early(0)) {
    return { ...out, status: "refused", failed };
  }
  const c = new Float64Array(program.prepared), slope = new Float64Array(n), yNew = new Float64Array(n);
  const atol = absoluteTolerance(program, y, rtol, options.usual), scale = new Float64Array(n), step = stepperOf(program, tableau);
  const integrals = options.fluxes ? new Float64Array(program.fluxes) : null;
  const seen = new Float64Array(program.fluxes + program.derived), endSlope = new Float64Array(n);
  const jumps = new Float64Array(n);
  const told = integrals ? (i, t, before, after) => after.forEach((v, s) => { jumps[s] += v - before[s]; }) : null;
  const end = times[times.length - 1], delays = program.delays.length ? makeDelays(program, tableau, p, y, end) : null;
  if (delays && !(delays.shortest > 0)) return { ...out, status: "a delay of 0" };
  const settle = () => { if (delays) delays.fill(t, y, false); };
  let t = 0, due = 0, h = 0, grow = SOLVER.growMost, fresh = true, row = null, cause = -1;
  const firstSteps = new Float64Array(program.breaks);   /* good ones, after an event of each break */
  const finish = (status) => {
    while (out.y.length < times.length) { out.y.push(new Float64Array(n).fill(NaN)); out.p.push(row); }
    return { ...out, status, reached: t, integrals, jumps };
  };
  const write = () => {
    while (due < times.length && times[due] <= t) { out.y.push(y.slice()); out.p.push(row); due++; }
  };
  /* What lies inside a step from `from` to t, of which y and yNew are the ends: by the method's own polynomial. */
  const inside = rtol < READ_OFF || integrals || delays ? null : makeInside(tableau, n, step.stages);
  /* what depends on time alone is seen by steps that are not long */
  const longest = inside && program.timeDerivative ? end / 100 : Infinity;
  const fill = (from) => {
    if (!(times[due] < t)) return;
    inside.open();
    while (times[due] < t) { out.y.push(inside.at((times[due] - from) / (t - from), y, yNew)); out.p.push(row); due++; }
  };
  settle();
  schedule.fire(t, y, p, told);
  settle();
  program.prepare(p, c);
  row = p.slice();
  write();
  while (t < end) {
    const stop = Math.min(schedule.next(), inside ? end : times[due], delays ? delays.next() : Infinity);
    if (stop - t <= SOLVER.oneTime * Math.max(Math.abs(t), Math.abs(stop))) {
      program.rhs(t, y, c, slope);
      for (let i = 0; i < n; i++) y[i] += (stop - t) * slope[i];
      t = stop;
    }
    if (fresh && t < stop && cause >= 0 && firstSteps[cause] > 0) {
      h = firstSteps[cause];
      fresh = false;
    }
    if (fresh && t < stop) {
      program.rhs(t, y, c, slope);
      if (!allFinite(slope)) return finish("not finite");
      h = Math.max(firstStep(program, t, y, c, slope, atol, rtol, end - t), SOLVER.restart * h);
      fresh = false;
    }
    while (t < stop) {
      if (out.steps >= Math.min(maxSteps, patience + (maxSteps * t) / end)) return finish("too many steps");
      out.steps++;
      if (program.maxStep) h = Math.min(h, program.maxStep);
      if (delays) h = Math.min(h, delays.shortest);
      if (h > longest) h = longest;
      const left = stop - t, lands = h >= left * (1 - 4 * SOLVER.eps), used = lands ? left : h;
      const error = step(t, y, c, used, yNew, delays);
      let size = NaN;
      if (error) {
        for (let i = 0; i < n; i++) scale[i] = atol[i] + rtol * Math.max(Math.abs(y[i]), Math.abs(yNew[i]));
        size = weighted(error, scale);
      }
      const good = size <= 1;
      let factor = isFinite(size) ? SOLVER.safety * Math.pow(Math.max(size, 1e-12), -0.2) : SOLVER.shrinkNotFinite;
      if (isFinite(size)) factor = Math.min(Math.max(factor, SOLVER.shrinkMost), grow);
      if (!good) {
        h = used * Math.min(factor, 0.95);
        grow = 1;
        if (h < Math.max(4 * SOLVER.eps * Math.abs(t), 1e-25 * end)) {
          return finish(isFinite(size) ? "step too small" : "not finite");
        }
        continue;
      }
      if (integrals) {
        program.rhs(t, y, c, slope);
        program.rhs(t + used, yNew, c, endSlope);
        addFluxes(program, t, y, yNew, slope, endSlope, used, p, seen, integrals);
      }
      /* a step cut short by a stop says little about the next one */
      h = lands ? Math.max(h, used * factor) : used * factor;
      if (cause >= 0) { firstSteps[cause] = h; cause = -1; }
      if (grow === 1 && lands) h = Math.min(h, used * Math.max(factor, 1));
      grow = SOLVER.growMost;
      if (delays) delays.keep(t, used, y, yNew, step.stages);
      const from = t;
      t = lands ? stop : t + used;
      if (inside) fill(from);
      for (let i = 0; i < n; i++) {
        const limit = program.extinctBelow[i];
        y[i] = limit > 0 && y[i] >= limit && yNew[i] < limit ? 0 : yNew[i];
      }
    }
    if (delays && delays.pass(t)) { settle(); fresh = true; }
    if (schedule.next() <= t) {
      cause = schedule.fire(t, y, p, told);
      if (delays) { delays.jump(t); settle(); }
      if (p.some((v, i) => v !== row[i])) { program.prepare(p, c); row = p.slice(); }
      fresh = true;
    }
    write();
  }
  return finish("ok");
}

/* Where a model without interventions comes to rest: integrate, then implicit steps to the rest itself, as in Python.
   Returns the states, NaN for running totals, or null where there is no rest. */
function findRest(program, tableau, values, span) {
  const n = program.states, moving = [...new Set(program.jacobianColumns)].sort((a, b) => a - b), m = moving.length;
  const p = new Float64Array(program.parameters), c = new Float64Array(program.prepared), start = new Float64Array(n);
  for (let i = 0; i < program.values; i++) p[i] = values[i];
  program.switches(p);
  program.prepare(p, c);
  program.initial(p, start);
  const floor = absoluteTolerance(program, start, 1), right = new Float64Array(n);
  const jac = new Float64Array(program.jacobianRows.length), a = new Float64Array(m * m), order = new Int32Array(m);
  const place = new Map(moving.map((s, i) => [s, i]));
  function change(t, y, tau) {
    program.jacobian(t, y, c, jac);
    program.rhs(t, y, c, right);
    a.fill(0);
    program.jacobianRows.forEach((row, e) => {
      if (place.has(row)) a[place.get(row) * m + place.get(program.jacobianColumns[e])] -= jac[e];
    });
    for (let i = 0; i < m; i++) a[i * m + i] += 1 / tau;
    const x = new Float64Array(m);
    if (!factorize(a, m, order)) return x.fill(NaN);
    substitute(a, m, order, moving.map((s) => right[s]), x);
    return x;
  }
  let y = null, end = 0;
  for (const longer of [1, 10, 100, 1000]) {
    const begin = end;
    end = begin + span * longer;
    const run = integrate(program, tableau, values, [(begin + end) / 2 - begin, end - begin], { rtol: 1e-8, initial: y });
    if (run.status !== "ok") return null;
    const before = run.y[0];
    y = Array.from(run.y[1]);
    const size = moving.map((s) => Math.abs(y[s]) + floor[s]), made = y.slice();
    let x = change(end, made, 1e4 * end), near = true, exact = false;
    moving.forEach((s, i) => {
      near = near && Math.max(Math.abs(x[i]), Math.abs(y[s] - before[s])) / size[i] <= 1e-3;
      made[s] += x[i];
    });
    for (let round = 0; round < 12 && !exact; round++) {
      x = change(end, made, 1e4 * end);
      moving.forEach((s, i) => { made[s] += x[i]; });
      exact = x.every((v, i) => Math.abs(v) <= 1e-12 * size[i]);
    }
    exact = exact || x.every((v, i) => Math.abs(v) <= 1e-9 * size[i]);
    moving.forEach((s) => { if (made[s] < 0 && y[s] >= 0) made[s] = 0; });
    const stayed = moving.every((s, i) => Math.abs(made[s] - y[s]) <= 1e-2 * size[i]);
    if (near && exact && stayed) return made.map((v, i) => (place.has(i) ? v : NaN));
  }
  return null;
}

if (typeof module !== "undefined") module.exports = { integrate, findRest };
