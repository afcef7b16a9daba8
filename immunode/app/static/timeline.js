"use strict";
/* The timeline: the only place where treatments are changed. One lane an intervention that is on. */

/* Rows of a card that hold what an author wrote: they stay as they are in every language. */
const OWN_WORDS = ["source", "note", "beside", "dose"];

function makeTimeline(ctx) {
  const palette = el("div", { class: "palette" }), lanes = el("div", { id: "lanes" });
  const detail = el("section", { class: "wide card", hidden: true });
  const doses = makeDoses(ctx);
  let focused = "";
  const knobOf = (it, knob) => (it.knobs.includes(`${it.name}.${knob}`) ? `${it.name}.${knob}` : "");
  const get = (it, name) => ctx.state.on.get(it.name).get(name);
  const seen = (it, name) => (name.endsWith(".stop") ? Math.min(get(it, name), ctx.lab.horizon) : get(it, name));
  const share = (t) => `${((100 * t) / ctx.lab.horizon).toFixed(3)}%`;

  function put(it, start) {
    const knobs = new Map(it.knobs.map((k) => [k, ctx.lab.parameters[ctx.lab.row.get(k)].full]));
    ctx.state.on.set(it.name, knobs);
    ctx.state.times.delete(it.name);
    if (start !== undefined && knobOf(it, "start")) move(it, start - get(it, knobOf(it, "start")));
    focused = it.name;
    ctx.changed();
    giveWay(it);
  }

  /* Where two that are on must not act at once, the one that was on before makes way for the new one. */
  function giveWay(it) {
    const { treated, lab, state } = ctx, why = treated.status === "refused" && treated.failed >= 0 ? lab.requirements[treated.failed] : "";
    const other = [...state.on.keys()].find((name) => name !== it.name && why.includes(`'${name}'`) && why.includes(`'${it.name}'`));
    if (other === undefined) return;
    state.on.delete(other);
    state.times.delete(other);
    ctx.changed();
    ctx.tell(ctx.L("gaveWay", ctx.called(lab.place.get(other)), ctx.called(it)));
    giveWay(it);
  }

  /* Shifts all times of an intervention alike; its length stays. */
  function move(it, by) {
    if (ctx.state.times.has(it.name)) {
      const times = ctx.state.times.get(it.name), shift = Math.min(Math.max(by, -times[0]), ctx.lab.horizon * (1 - 1e-9) - times[times.length - 1]);
      ctx.state.times.set(it.name, tidyTimes(ctx.lab, times.map((t) => +(t + shift).toPrecision(9))));
      return;
    }
    const names = ["start", "stop", "pulses_start"].map((k) => knobOf(it, k)).filter(Boolean), h = ctx.lab.horizon;
    const now = names.map((n) => get(it, n)), low = Math.min(...now), high = Math.max(...now.filter((v) => v <= h), low);
    const shift = Math.min(Math.max(by, -low), h - high);
    names.forEach((n, i) => ctx.state.on.get(it.name).set(n, now[i] > h ? now[i] : clamp(ctx.lab, n, now[i] + shift)));
  }

  function set(it, name, value) {
    const low = knobOf(it, "start"), high = knobOf(it, "stop"), least = ctx.lab.horizon / 1000;
    if (name === low && high) value = Math.min(value, get(it, high) - least);
    if (name === high && low) value = Math.max(value, get(it, low) + least);
    /* pulled to the end of the picture, it goes on */
    if (name === high && it.windowed && value >= ctx.lab.horizon) value = ctx.lab.beyond;
    if (isFinite(value)) ctx.state.on.get(it.name).set(name, clamp(ctx.lab, name, value));
  }

  /* press: what a press without a move does, with the share of the track at which it was. */
  function drag(target, action, press) {
    target.addEventListener("pointerdown", (down) => {
      down.preventDefault();
      down.stopPropagation();
      target.setPointerCapture(down.pointerId);
      const box = target.closest(".track").getBoundingClientRect();
      let last = down, moved = !press;
      const go = (e) => {
        moved = moved || Math.hypot(e.clientX - down.clientX, e.clientY - down.clientY) > 4;
        if (!moved) return;
        action((e.clientX - last.clientX) / box.width, (e.clientY - last.clientY) / box.height);
        last = e;
        ctx.changed(true);
      };
      const done = (e) => {
        ["pointermove", "pointerup", "pointercancel"].forEach((name) => target.removeEventListener(name, name === "pointermove" ? go : done));
        if (moved) ctx.changed();
        else if (e.type === "pointerup") press((down.clientX - box.left) / box.width);
      };
      target.addEventListener("pointermove", go);
      target.addEventListener("pointerup", done);
      target.addEventListener("pointercancel", done);
    });
  }

  function handle(it, name, kind, words) {
    const [low, high] = kind === "top" ? [0, 1] : [0, ctx.lab.horizon], step = kind === "top" ? 0.05 : ctx.lab.horizon / 100;
    const node = el("div", { class: `handle ${kind}`, role: "slider", tabindex: 0, "aria-label": words, "aria-valuemin": low, "aria-valuemax": high, "aria-orientation": kind === "top" ? "vertical" : "horizontal", "data-knob": name });
    node.addEventListener("keydown", (e) => {
      const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5, Home: -1e9, End: 1e9 }[e.key];
      if (by === undefined) return;
      e.preventDefault();
      set(it, name, seen(it, name) + by * step);
      ctx.changed();
    });
    drag(node, (dx, dy) => set(it, name, seen(it, name) + (kind === "top" ? -dy : dx * ctx.lab.horizon)));
    return node;
  }

  function lane(it) {
    const track = el("div", { class: "track", "data-track": it.name }), bar = el("div", { class: it.doses ? "bar pale" : "bar" });
    const start = knobOf(it, "start"), stop = knobOf(it, "stop"), strength = knobOf(it, "strength"), n = knobOf(it, "n");
    const every = knobOf(it, "every") || knobOf(it, "interval"), parts = [];
    drag(bar, (dx) => move(it, dx * ctx.lab.horizon), it.doses && ((x) => doses.add(it, x * ctx.lab.horizon)));
    track.append(bar);
    if (start && !ctx.state.times.has(it.name)) parts.push(handle(it, start, "left", ctx.L("start", ctx.called(it))));
    if (stop) parts.push(handle(it, stop, "right", ctx.L("stop", ctx.called(it))));
    if (strength) parts.push(handle(it, strength, "top", ctx.L("strength", ctx.called(it))));
    track.append(...parts);
    track.addEventListener("click", (e) => {
      if (e.target !== track) return;
      const box = track.getBoundingClientRect(), t = ((e.clientX - box.left) / box.width) * ctx.lab.horizon;
      if (it.doses) { doses.add(it, t); return; }
      if (n && every && start) set(it, n, Math.floor((t - get(it, start)) / get(it, every)) + 1);
      else if (start && !stop) set(it, start, t);
      else return;
      ctx.changed();
    });
    const name = el("button", { class: "name", "aria-expanded": focused === it.name, title: it.name, onclick: () => { focused = focused === it.name ? "" : it.name; refresh(); } }, ctx.called(it));
    const away = el("button", { "aria-label": ctx.L("remove", ctx.called(it)), onclick: () => { ctx.state.on.delete(it.name); ctx.state.times.delete(it.name); if (focused === it.name) focused = ""; ctx.changed(); } }, "×");
    const row = el("div", { class: "lane", "data-lane": it.name }, el("div", { class: "head" }, name, away), track);
    return { it, row, track, bar, start, stop, strength, parts, name };
  }

  function place(one, onlyTime) {
    const { it, bar, start, stop, strength, parts, track } = one, given = dosesOf(ctx.lab, ctx.state, it), lab = ctx.lab, free = ctx.state.times.has(it.name);
    const from = free ? given[0] || 0 : start ? get(it, start) : 0, to = free ? Math.max(from, ...given) : stop ? Math.min(get(it, stop), lab.horizon) : given.length ? Math.max(...given) : lab.horizon;
    const s = strength ? get(it, strength) : 1;
    Object.assign(bar.style, { left: share(from), width: share(Math.max(to - from, 0)), height: `${(100 * s).toFixed(1)}%` });
    parts.forEach((node) => {
      const v = seen(it, node.dataset.knob), top = node.classList.contains("top");
      node.style.left = top ? share((from + Math.min(to, lab.horizon)) / 2) : share(Math.min(v, lab.horizon));
      if (top) node.style.bottom = `${(100 * s).toFixed(1)}%`;
      node.setAttribute("aria-valuenow", v);
      node.setAttribute("aria-valuetext", top ? `${Math.round(100 * v)} %` : ctx.moment(v));
    });
    const apart = Math.min(...given.slice(1).map((t, i) => t - given[i])) / lab.horizon;
    track.classList.toggle("dense", apart * (track.clientWidth || 400) < 9);
    track.querySelectorAll(it.doses ? ".now" : ".dose,.now").forEach((node) => node.remove());
    if (it.doses) { if (!onlyTime) doses.draw(it, track, `${(100 * s).toFixed(1)}%`); }
    else given.forEach((t) => { const tick = el("div", { class: "dose" }); tick.style.left = share(t); tick.style.height = `${(100 * s).toFixed(1)}%`; track.append(tick); });
    const now = el("div", { class: "now" });
    now.style.left = share(ctx.treated.times[ctx.k]);
    track.append(now);
  }

  let rows = [];
  ctx.refocus = () => rows.forEach((one) => place(one, false));
  function refresh(dragging) {
    if (!dragging || rows.length !== ctx.state.on.size) {
      const active = document.activeElement, knob = active && active.dataset ? active.dataset.knob : "";
      rows = [...ctx.state.on.keys()].map((name) => lane(ctx.lab.place.get(name)));
      lanes.replaceChildren(...rows.map((r) => r.row), ...(rows.length ? [] : [el("p", { class: "quiet" }, ctx.L("nothing"))]));
      palette.replaceChildren(...ctx.lab.interventions.filter((it) => !ctx.state.on.has(it.name)).map(cardButton));
      palette.title = ctx.L("drag");
      palette.onscroll = () => palette.classList.toggle("more", palette.scrollLeft + palette.clientWidth < palette.scrollWidth - 4);
      requestAnimationFrame(() => palette.onscroll());
      const [before, after] = gutters();
      block.style.setProperty("--before", `${before}px`);
      block.style.setProperty("--after", `${after}px`);
      if (knob) { const again = lanes.querySelector(`[data-knob="${CSS.escape(knob)}"]`); if (again) again.focus(); }
    }
    rows.forEach((one) => place(one, false));
    showCard(dragging);
  }

  function cardButton(it) {
    const text = it.rows.filter(([word]) => word === "does" || word === "source").map(([word, t]) => (word === "does" ? ctx.say(t) : t)).join(" – ");
    const button = el("button", { "data-card": it.name, title: text }, `+ ${ctx.called(it)}`);
    button.addEventListener("click", () => { if (!button.dataset.moved) put(it); delete button.dataset.moved; });
    button.addEventListener("pointerdown", (down) => {
      const go = (e) => { if (Math.hypot(e.clientX - down.clientX, e.clientY - down.clientY) > 8) button.dataset.moved = "1"; };
      const done = (e) => {
        removeEventListener("pointermove", go);
        if (!button.dataset.moved) return;
        const box = lanes.getBoundingClientRect(), [left, right] = gutters();
        setTimeout(() => { delete button.dataset.moved; });
        if (e.clientY < box.top - 30 || e.clientY > box.bottom + 40) return;
        put(it, Math.min(Math.max((e.clientX - box.left - left) / (box.width - left - right), 0), 1) * ctx.lab.horizon);
      };
      addEventListener("pointermove", go);
      addEventListener("pointerup", done, { once: true });
    });
    return button;
  }

  /* What is multiplied, by how much, on whose authority. */
  function showCard(dragging) {
    const it = focused && ctx.state.on.has(focused) ? ctx.lab.place.get(focused) : null;
    detail.hidden = !it;
    if (!it || (dragging && detail.contains(document.activeElement))) return;
    const rows = it.rows.flatMap(([word, text]) => [el("dt", {}, ctx.say(word)), el("dd", {}, OWN_WORDS.includes(word) ? text : ctx.say(text))]);
    it.changes.forEach(([target, meaning, before, after, unit]) => rows.push(el("dt", {}, ctx.L("changes")), el("dd", {}, `${target}${meaning ? ` (${meaning})` : ""}: ${before} → ${after} ${unit}`)));
    const inputs = it.knobs.map((knob) => {
      const p = ctx.lab.parameters[ctx.lab.row.get(knob)];
      const input = el("input", { type: "number", step: "any", value: get(it, knob), disabled: idle(ctx.state, it.name, knob), "data-number": knob, onchange: () => { set(it, knob, input.valueAsNumber); ctx.changed(); } });
      return el("label", { title: `${p.meaning}; ${p.source}` }, knob.slice(it.name.length + 1), input, el("span", { class: "quiet" }, p.unit));
    });
    const open = detail.querySelector("details");
    detail.replaceChildren(el("h3", {}, ctx.called(it), " ", el("small", {}, it.labels.split(", ").map(ctx.say).join(", "))), el("dl", {}, ...rows), ...(it.doses ? doses.controls(it) : []), el("details", { open: open ? open.open : false }, el("summary", {}, ctx.L("numbers")), el("div", { class: "knobs" }, ...inputs)));
  }
  const left = el("p", { class: "quiet" });
  const block = el("div", { id: "timeline", role: "group", "aria-label": ctx.L("timeline") }, lanes), cards = el("div", { class: "shelf" }, palette, left);
  return { block, cards, detail, refresh, marks: () => rows.forEach((one) => place(one, true)), build: () => {
    focused = "";
    left.textContent = ctx.lab.leftOut.length ? ctx.L("leftOut", ctx.lab.leftOut.map((one) => `${one.name} (${one.reason})`).join("; ")) : "";
  } };
}
