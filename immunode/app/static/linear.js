"use strict";
/* Linear systems: dense with row exchanges for rests, on the pattern of a Jacobian for steps. */

/* LU in place with row exchanges; returns whether that went well. */
function factorize(a, n, order) {
  for (let i = 0; i < n; i++) order[i] = i;
  for (let k = 0; k < n; k++) {
    let best = k, size = Math.abs(a[k * n + k]);
    for (let i = k + 1; i < n; i++) {
      const s = Math.abs(a[i * n + k]);
      if (s > size) { size = s; best = i; }
    }
    if (!(size > 0) || !isFinite(size)) return false;
    if (best !== k) {
      for (let j = 0; j < n; j++) {
        const v = a[k * n + j]; a[k * n + j] = a[best * n + j]; a[best * n + j] = v;
      }
      const o = order[k]; order[k] = order[best]; order[best] = o;
    }
    const pivot = 1 / a[k * n + k];
    for (let i = k + 1; i < n; i++) {
      const entry = a[i * n + k];
      if (entry === 0) continue;
      const m = entry * pivot;
      a[i * n + k] = m;
      for (let j = k + 1; j < n; j++) a[i * n + j] -= m * a[k * n + j];
    }
  }
  return true;
}

function substitute(a, n, order, b, x) {
  for (let i = 0; i < n; i++) {
    let v = b[order[i]];
    for (let j = 0; j < i; j++) v -= a[i * n + j] * x[j];
    x[i] = v;
  }
  for (let i = n - 1; i >= 0; i--) {
    let v = x[i];
    for (let j = i + 1; j < n; j++) v -= a[i * n + j] * x[j];
    x[i] = v / a[i * n + i];
  }
}

/* In which order states are eliminated, so that few entries fill in: always the one whose row and column have the
   fewest left (Markowitz, on the diagonal). */
function eliminationOrder(n, there) {
  const left = new Set(Array.from({ length: n }, (_, i) => i)), order = [], full = there.slice();
  const others = (test) => [...left].filter(test);
  while (left.size) {
    let best = -1, least = Infinity;
    left.forEach((i) => {
      let row = 0, column = 0;
      left.forEach((j) => { row += full[i * n + j]; column += full[j * n + i]; });
      const cost = (row - 1) * (column - 1);
      if (cost < least) { least = cost; best = i; }
    });
    left.delete(best);
    order.push(best);
    const columns = others((j) => full[best * n + j]);
    others((i) => full[i * n + best]).forEach((i) => columns.forEach((j) => { full[i * n + j] = 1; }));
  }
  return order;
}

/* Where w*I - J and its factors have entries, states in the order of elimination (state i is row at[i]): row r holds
   columns[starts[r]] to columns[starts[r + 1] - 1], increasing, its diagonal at diagonal[r]; slots[e] is the place of
   entry e of the Jacobian. Made once a program. */
const PATTERNS = new WeakMap();
function patternOf(program) {
  if (PATTERNS.has(program)) return PATTERNS.get(program);
  const n = program.states, raw = new Uint8Array(n * n), there = new Uint8Array(n * n), place = new Int32Array(n * n), at = new Int32Array(n);
  for (let i = 0; i < n; i++) raw[i * n + i] = 1;
  program.jacobianRows.forEach((row, e) => { raw[row * n + program.jacobianColumns[e]] = 1; });
  const order = eliminationOrder(n, raw);
  order.forEach((i, r) => { at[i] = r; });
  order.forEach((i, r) => order.forEach((j, q) => { there[r * n + q] = raw[i * n + j]; }));
  for (let k = 0; k < n; k++) for (let i = k + 1; i < n; i++) {
    if (there[i * n + k]) for (let j = k + 1; j < n; j++) there[i * n + j] |= there[k * n + j];
  }
  const starts = new Int32Array(n + 1), columns = [];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) if (there[i * n + j]) { place[i * n + j] = columns.length; columns.push(j); }
    starts[i + 1] = columns.length;
  }
  const pattern = { at, starts, columns: Int32Array.from(columns), diagonal: Int32Array.from({ length: n }, (_, i) => place[i * n + i]),
    slots: Int32Array.from(program.jacobianRows, (row, e) => place[at[row] * n + at[program.jacobianColumns[e]]]) };
  PATTERNS.set(program, pattern);
  return pattern;
}

/* LU in place on a pattern; returns whether that went well. Without row exchanges a state that is 0 and stays 0 does
   so exactly; then a pivot that is not above `least` is refused. Diagonals of U are stored inverted. */
function factorizeSparse(a, pattern, row, least) {
  const { starts, columns, diagonal } = pattern, n = diagonal.length;
  for (let i = 0; i < n; i++) {
    const from = starts[i], to = starts[i + 1], middle = diagonal[i];
    for (let e = from; e < to; e++) row[columns[e]] = a[e];
    for (let e = from; e < middle; e++) {
      const k = columns[e], m = row[k] * a[diagonal[k]];
      row[k] = m;
      if (m !== 0) for (let f = diagonal[k] + 1, end = starts[k + 1]; f < end; f++) row[columns[f]] -= m * a[f];
    }
    const size = Math.abs(row[i]);
    if (!(size > least) || size === Infinity) return false;
    for (let e = from; e < to; e++) a[e] = row[columns[e]];
    a[middle] = 1 / a[middle];
  }
  return true;
}

function substituteSparse(a, pattern, b, x) {
  const { starts, columns, diagonal } = pattern, n = diagonal.length;
  for (let i = 0; i < n; i++) {
    let v = b[i];
    for (let e = starts[i], end = diagonal[i]; e < end; e++) v -= a[e] * x[columns[e]];
    x[i] = v;
  }
  for (let i = n - 1; i >= 0; i--) {
    let v = x[i];
    const middle = diagonal[i];
    for (let e = middle + 1, end = starts[i + 1]; e < end; e++) v -= a[e] * x[columns[e]];
    x[i] = v * a[middle];
  }
}
