"use strict";
/* Delay equations: states as they were some time ago, kept as rows of their own. Steps are never longer than the
   shortest lag, so that all that is asked for lies behind them, and end where what happened a lag ago was not smooth. */

const BREAKING_ORDER = 5, SAME_TIME = 1e-12;

/* What `delay(x, tau)` was and is in one run: fill(t, y) writes the rows of delayed states, slopes(t, out) their
   derivatives by time, next() and pass(t) are about the times at which a step must end. */
function makeDelays(program, tableau, p, y0, end) {
  const { delays } = program, m = delays.length, lags = new Float64Array(m), n = y0.length;
  program.lags(p, lags);
  const shortest = Math.min(...lags), past = new Float64Array(3 * m), begin = y0.slice(), steps = [];
  /* times of kinks, sorted: a kink of a high order is smooth enough for the method */
  let kinks = [];
  const coming = (t, order) => {
    if (order > BREAKING_ORDER) return;
    for (const lag of new Set(lags)) {
      const at = t + lag, known = kinks.find((one) => Math.abs(one.at - at) <= SAME_TIME * Math.max(at, lag));
      if (known) known.order = Math.min(known.order, order);
      else if (at < end) kinks.push({ at, order });
    }
    kinks.sort((a, b) => a.at - b.at);
  };
  coming(0, 1);

  /* The step that holds a time before now; where two meet, the earlier one if `left`. */
  function stepAt(t, left) {
    let low = 0, high = steps.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1, stop = steps[middle].t + steps[middle].h, near = SAME_TIME * Math.max(Math.abs(stop), shortest);
      if (left ? stop < t - near : stop <= t + near) low = middle + 1; else high = middle;
    }
    return steps[low];
  }
  /* Value or slope of delayed state d as it was at a time; `done` is the time up to which it is known. */
  function look(d, t, left, slope) {
    const { of, past: first } = delays[d];
    if (!steps.length || t < 0 || (left && t <= SAME_TIME * shortest)) {
      if (first < 0) return slope ? 0 : begin[of];
      program.past(Math.min(t, 0), p, past);
      return past[first + (slope ? 1 : 0)];
    }
    const { t: from, h, y0: a, y1: b, d: bent } = stepAt(t, left), x = (t - from) / h, z = 1 - x, e = 3 * of;
    const inner = bent[e] + x * (bent[e + 1] + x * bent[e + 2]);
    if (!slope) return z * a[of] + x * (b[of] + z * inner);
    return (b[of] - a[of] + (1 - 2 * x) * inner + x * z * (bent[e + 1] + 2 * x * bent[e + 2])) / h;
  }
  return {
    shortest,
    fill: (t, y, left) => { for (let d = 0; d < m; d++) y[delays[d].row] = look(d, t - lags[d], left, false); },
    slopes: (t, out) => { for (let d = 0; d < m; d++) out[d] = look(d, t - lags[d], false, true); },
    /* stages[i * s + j]: stage j of state i in the step that was taken */
    keep: (t, h, from, to, stages) => {
      const s = tableau.nodes.length, d = new Float64Array(3 * n);
      for (let i = 0; i < n; i++) for (let q = 0; q < 3; q++) {
        let sum = 0;
        for (let j = 0; j < s; j++) sum += tableau.dense[q][j] * stages[i * s + j];
        d[3 * i + q] = sum;
      }
      steps.push({ t, h, y0: from.slice(), y1: to.slice(), d });
    },
    next: () => (kinks.length ? kinks[0].at : Infinity),
    /* Forgets kinks up to now, each of which comes again a lag later; returns whether there was one. */
    pass: (t) => {
      const gone = kinks.filter((one) => one.at <= t * (1 + SAME_TIME));
      kinks = kinks.filter((one) => !gone.includes(one));
      gone.forEach((one) => coming(one.at, one.order + 1));
      return gone.length > 0;
    },
    jump: (t) => coming(t, 0),
  };
}
