"use strict";
/* What stands in a plot besides curves: the time of the stage, thresholds, and what trials found. */

/* Room left and right of plots and lanes, so that both share one time axis. */
const gutters = () => { const size = parseFloat(getComputedStyle(document.body).fontSize); return [Math.round((isNarrow() ? 3.9 : 4.4) * size), Math.round(0.8 * size)]; };

/* Points of trials whose arms are treated as now, on the curve with treatment; and of arms without any, on the other. */
function pointsFound(ctx) {
  if (!ctx.control || ctx.control.status !== "ok") return [];
  const now = [...ctx.state.on.keys()].sort().join("+"), plain = [...ctx.state.on].every(([name, knobs]) => !ctx.state.times.has(name) && [...knobs].every(([k, v]) => v === ctx.lab.parameters[ctx.lab.row.get(k)].full));
  return ctx.lab.trials.filter((p) => p.time <= ctx.lab.horizon * (1 + 1e-9) && (p.arm === "" || (plain && p.arm === now))).map((p) => {
    /* a change is set on the value with which the curve of its arm begins */
    const run = p.arm === "" ? ctx.control : ctx.treated, start = p.from === "" || run.status !== "ok" ? 0 : course(ctx.lab, run, p.quantity)[0];
    const at = (v) => (v === null ? null : p.from === "percent" ? start * (1 + v / 100) : start + v);
    return { ...p, value: at(p.value), low: at(p.low), high: at(p.high), color: p.arm === "" ? "without" : "with" };
  });
}

/* Ticks of a logarithmic axis, about so many at most: whole decades, and 2 and 5 between where there are few. */
function decadesIn(low, high, most) {
  const first = Math.floor(Math.log10(low) - 1e-9), last = Math.ceil(Math.log10(high) + 1e-9), inside = (v) => v > low * (1 - 1e-9) && v < high * (1 + 1e-9);
  const pick = (steps) => Array.from({ length: last - first + 1 }, (_, i) => steps.map((m) => +`${m}e${first + i}`)).flat().filter(inside);
  const tens = pick([1]), fine = pick([1, 2, 5]);
  /* from the first decade that is inside, so that an axis with three of them has two numbers and not one */
  if (tens.length > most) return tens.filter((_, i) => i % Math.ceil(tens.length / most) === 0);
  return fine.length <= most ? fine : tens.length > 1 ? tens : pick([1, 3]);
}

/* Where the words of a line at y may stand: above it or below, inside the plot and apart from the words of other lines. */
const rowsOf = (y, size, gap, top, bottom, told) => [y - gap, y + size].filter((row) => row >= top + size && row <= bottom && told.every((other) => Math.abs(row - other) >= 1.1 * size));

/* As much of a text as there is room for. */
function within(c, text, room) {
  let said = text;
  while (said && c.measureText(said).width > room) said = said.slice(0, -1);
  return said === text ? text : `${said.slice(0, -1).trim()}…`;
}

function marksOf(ctx, u, name, points, font) {
  const c = u.ctx, { left, top, width, height } = u.bbox, ratio = window.devicePixelRatio || 1, X = (t) => u.valToPos(t, "x", true), Y = (v) => u.valToPos(v, "y", true);
  const inside = (v) => v >= u.scales.y.min && v <= u.scales.y.max;
  c.save();
  c.lineWidth = ratio;
  c.font = font.replace(/^\d+/, (px) => Math.round(px * ratio));
  const told = [];
  ctx.lab.thresholds.filter((t) => t.quantity === name && inside(t.level)).sort((a, b) => b.level - a.level).forEach((t) => {
    const y = Math.round(Y(t.level)), size = parseFloat(c.font);
    c.strokeStyle = c.fillStyle = paint("guess");
    c.setLineDash([2 * ratio, 4 * ratio]);
    c.beginPath(); c.moveTo(left, y); c.lineTo(left + width, y); c.stroke();
    c.setLineDash([]);
    const room = width - 6 * ratio, word = within(c, ctx.say(t.meaning || t.name), room), wide = c.measureText(word).width + 6 * ratio;
    const rows = rowsOf(y, size, 3 * ratio, top, top + height, told);
    if (!rows.length) return;
    /* where no curve runs through the words: at the right, the left, or between; a rim keeps them legible elsewhere */
    const crossed = (from, to, row) => [1, 2].some((s) => u.data[s].some((v, k) => v !== null && X(u.data[0][k]) > from && X(u.data[0][k]) < to && Y(v) > row - size && Y(v) < row + 3 * ratio));
    const places = rows.flatMap((row) => [1, 0, 0.75, 0.25, 0.5].map((x) => [left + x * (width - wide), row])), [from, row] = places.find(([x, at]) => !crossed(x, x + wide, at)) || places[0];
    told.push(row);
    c.textAlign = "left";
    c.textBaseline = "alphabetic";
    c.strokeStyle = paint("paper");
    c.lineWidth = 3 * ratio;
    c.lineJoin = "round";
    c.strokeText(word, from + 3 * ratio, row);
    c.fillText(word, from + 3 * ratio, row);
    c.lineWidth = ratio;
  });
  points.forEach((p) => {
    const x = X(p.time * ctx.lab.clock.factor), y = Y(p.value), low = p.low === null ? y : Y(p.low), high = p.high === null ? y : Y(p.high);
    c.strokeStyle = c.fillStyle = paint(p.color);
    c.lineWidth = 2 * ratio;
    c.beginPath(); c.moveTo(x, low); c.lineTo(x, high); c.stroke();
    /* hollow: a number that helped to make the model tests nothing */
    c.beginPath(); c.arc(x, y, 5 * ratio, 0, 2 * Math.PI);
    if (p.used) c.fillStyle = paint("paper"); else c.strokeStyle = paint("paper");
    c.fill(); c.stroke();
  });
  const x = X(ctx.treated.times[ctx.k] * ctx.lab.clock.factor);
  c.strokeStyle = paint("now"); c.lineWidth = 1.5 * ratio;
  c.beginPath(); c.moveTo(x, top); c.lineTo(x, top + height); c.stroke();
  c.restore();
}
