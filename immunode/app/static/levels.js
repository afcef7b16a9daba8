"use strict";
/* How full an icon is and how wide an arrow: parts of the largest that both runs reach, so that these compare. */

const DECADES_AT_MOST = 6, WIDE_RANGE = 50;

/* Scales of all states and arrows over some runs. log: for states that span decades. */
function scalesOf(lab, runs, routes) {
  const n = lab.program.states, low = new Float64Array(n).fill(Infinity), high = new Float64Array(n), most = new Float64Array(routes.length);
  runs.filter((run) => run && run.status === "ok").forEach((run) => run.y.forEach((y, k) => {
    for (let i = 0; i < n; i++) {
      const v = Math.abs(y[i]);
      if (v > high[i]) high[i] = v;
      if (v > 0 && v < low[i]) low[i] = v;
    }
    if (k % 4 === 0) {
      const seen = observeAt(lab, run, k);
      routes.forEach((route, r) => { most[r] = Math.max(most[r], Math.abs(fluxOf(route, seen))); });
    }
  }));
  const states = Array.from(high, (top, i) => ({ top, log: top > WIDE_RANGE * low[i], least: Math.max(low[i], top * 10 ** -DECADES_AT_MOST) / 2 }));
  return { states, most };
}

/* From 0 to 1; what is there at all can be seen. */
function levelOf(scale, value) {
  const v = Math.abs(value);
  if (!(v > 0) || !(scale.top > 0)) return 0;
  const share = scale.log ? Math.log(v / scale.least) / Math.log(scale.top / scale.least) : v / scale.top;
  return Math.min(Math.max(share, 0.01), 1);
}

/* What an arrow moves: the sum of its processes. */
const fluxOf = (route, seen) => route.processes.reduce((a, j) => a + seen[j], 0);

/* Width of an arrow in pixels: by the square root, never invisible. */
const widthOf = (flux, most) => (most > 0 ? 1.3 + 3.7 * Math.sqrt(Math.min(Math.abs(flux) / most, 1)) : 1.3);
