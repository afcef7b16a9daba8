"use strict";
/* Single doses in a lane of the timeline: a press on an empty place adds one, a press on a dose takes it out, dragging
   moves it; arrows, Delete and Enter do the same. */

/* The step of times: a round number of which a run has at least 200. */
function timeStep(lab) { return 10 ** Math.floor(Math.log10(lab.horizon / 200)); }

function makeDoses(ctx) {
  const step = () => timeStep(ctx.lab), tidy = (t) => +(Math.round(t / step()) * step()).toPrecision(9);
  const last = () => tidy(ctx.lab.horizon - step()), limited = (t) => Math.min(Math.max(tidy(t), 0), last());
  const same = (a, b) => Math.abs(a - b) < step() / 2;
  let focus = null;   /* the dose that gets the focus when the lane is drawn again */

  function write(it, times, dragging) {
    ctx.state.times.set(it.name, tidyTimes(ctx.lab, times));
    ctx.changed(dragging);
  }
  function add(it, time) {
    const times = dosesOf(ctx.lab, ctx.state, it), t = limited(time);
    if (times.length >= MOST_DOSES || times.some((one) => same(one, t))) return;
    focus = { name: it.name, time: t };
    write(it, [...times, t]);
  }
  function takeOut(it, time) {
    const times = dosesOf(ctx.lab, ctx.state, it), rest = times.filter((t) => t !== time);
    const near = rest.reduce((a, t) => (a === null || Math.abs(t - time) < Math.abs(a - time) ? t : a), null);
    focus = { name: it.name, time: near };
    write(it, rest);
  }
  /* Returns where the dose is now: it never lands on another one. */
  function move(it, time, to, dragging) {
    const times = dosesOf(ctx.lab, ctx.state, it).filter((t) => t !== time), by = to < time ? -step() : step();
    let t = limited(to);
    while (times.some((one) => same(one, t))) {
      if (dragging) return time;
      const next = limited(t + by);
      if (next === t) return time;
      t = next;
    }
    focus = { name: it.name, time: t };
    write(it, [...times, t], dragging);
    return t;
  }

  function keys(it, e, time) {
    const times = dosesOf(ctx.lab, ctx.state, it), at = times.indexOf(time), by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[e.key];
    const other = { PageUp: at + 1, PageDown: at - 1, Home: 0, End: times.length - 1 }[e.key];
    if (by) move(it, time, time + by * step() * (e.shiftKey ? 10 : 1), false);
    else if (e.key === "Delete" || e.key === "Backspace") takeOut(it, time);
    else if (e.key === "Enter" || e.key === "+") add(it, (time + (at + 1 < times.length ? times[at + 1] : Math.min(time + (at > 0 ? time - times[at - 1] : ctx.lab.horizon / 10) * 2, ctx.lab.horizon))) / 2);
    else if (other !== undefined) { focus = { name: it.name, time: times[Math.min(Math.max(other, 0), times.length - 1)] }; ctx.refocus(); }
    else return;
    e.preventDefault();
    e.stopPropagation();
  }

  /* One dose in a track. */
  function node(it, track, time, i, n, height) {
    const d = it.doses, given = d.amount ? amount(ctx.state.on.get(it.name).get(d.amount), d.unit === "1" ? "" : d.unit) : "";
    const words = `t = ${ctx.moment(time)}${given ? `, ${given}` : ""}`;
    const made = el("div", { class: "dose free", role: "slider", tabindex: i === 0 ? 0 : -1, title: words, "data-dose": time, "aria-label": ctx.L("doseOf", i + 1, n, ctx.called(it)), "aria-valuemin": 0, "aria-valuemax": last(), "aria-valuenow": time, "aria-valuetext": words, "aria-describedby": "dose-keys" }, el("i", { style: `height:${height}` }));
    made.style.left = `${((100 * time) / ctx.lab.horizon).toFixed(3)}%`;
    made.addEventListener("keydown", (e) => keys(it, e, time));
    made.addEventListener("pointerdown", (down) => {
      down.preventDefault();
      down.stopPropagation();
      /* the track stays while its doses are drawn again, so it holds the pointer */
      track.setPointerCapture(down.pointerId);
      const box = track.getBoundingClientRect();
      let now = time, moved = false;
      const go = (e) => {
        moved = moved || Math.abs(e.clientX - down.clientX) > 4;
        if (moved) now = move(it, now, time + ((e.clientX - down.clientX) / box.width) * ctx.lab.horizon, true);
      };
      const done = (e) => {
        track.removeEventListener("pointermove", go);
        track.removeEventListener("pointerup", done);
        track.removeEventListener("pointercancel", done);
        if (moved) ctx.changed();
        else if (e.type === "pointerup") takeOut(it, time);
      };
      track.addEventListener("pointermove", go);
      track.addEventListener("pointerup", done);
      track.addEventListener("pointercancel", done);
    });
    return made;
  }

  /* Draws the doses of a lane; those that were there are replaced. */
  function draw(it, track, height) {
    const active = document.activeElement, mine = active && active.classList.contains("free") && track.contains(active);
    const kept = mine && !focus ? { name: it.name, time: +active.dataset.dose } : focus;
    track.querySelectorAll(".dose").forEach((one) => one.remove());
    const times = dosesOf(ctx.lab, ctx.state, it), nodes = times.map((t, i) => node(it, track, t, i, times.length, height));
    track.append(...nodes);
    if (!kept || kept.name !== it.name) return;
    focus = null;
    const at = times.findIndex((t) => kept.time !== null && same(t, kept.time));
    if (at >= 0) { nodes.forEach((one, i) => { one.tabIndex = i === at ? 0 : -1; }); nodes[at].focus({ preventScroll: true }); }
  }

  /* In the card of an intervention: what the keys do, and two buttons. */
  function controls(it) {
    const again = el("button", { id: "dose-again", disabled: !ctx.state.times.has(it.name), onclick: () => { ctx.state.times.delete(it.name); ctx.changed(); } }, ctx.L("doseAgain"));
    const more = el("button", { id: "dose-add", onclick: () => add(it, ctx.treated.times[ctx.k]) }, ctx.L("doseAdd"));
    const times = ctx.state.times.get(it.name) || [], few = times.slice(0, 12).map((t) => FIGURES(t * ctx.lab.clock.factor)).join(", ") + (times.length > 12 ? ", …" : "");
    const now = ctx.state.times.has(it.name) ? el("p", { id: "dose-now" }, ctx.L("doseNow", few || "–", ctx.clock())) : null;
    return [...(now ? [now] : []), el("p", { class: "quiet", id: "dose-keys" }, ctx.L("doseKeys")), el("div", { class: "row" }, more, again)];
  }
  return { add, draw, controls, focusIn: (name) => focus && focus.name === name };
}
