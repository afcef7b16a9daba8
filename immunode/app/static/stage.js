"use strict";
/* The stage: the diagram of the model, as on paper, with icons that fill and arrows that swell while time runs. */

const RUN_SECONDS = 9, CROWD = 24, TIPS = [["s", 9], ["m", 12], ["l", 15]];

function makeStage(ctx) {
  const picture = svg("svg", { role: "group", "aria-label": ctx.L("stage") });
  const equation = el("div", { class: "equation", "aria-live": "polite" });
  const slider = el("input", { type: "range", min: 0, max: ctx.lab.points - 1, value: 0, "aria-label": ctx.L("time"), id: "time", oninput: () => ctx.setTime(+slider.value) });
  const output = el("output", { for: "time" }), play = el("button", { id: "play", class: "main", onclick: () => toggle() }, ctx.L("play"));
  let timer = 0, scene = null, nodes = [], lines = [], threads = [], pills = [], chosen = null, looked = "", scales = null, gifts = [], before = 0, drift = 0;

  function toggle() {
    if (timer) { stop(); return; }
    play.textContent = ctx.L("pause");
    picture.classList.add("playing");
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (ctx.k >= ctx.lab.points - 1) ctx.setTime(0);
    let last = performance.now(), at = ctx.k;
    const tick = (now) => {
      if (!calm || now - last >= 800) {
        /* the time of a frame may lie before that of the press */
        at = calm ? at + (ctx.lab.points - 1) / 10 : at + ((ctx.lab.points - 1) * Math.max(now - last, 0)) / (1000 * RUN_SECONDS);
        last = now;
        ctx.setTime(Math.min(Math.floor(at), ctx.lab.points - 1));
        if (ctx.k >= ctx.lab.points - 1) { stop(); return; }
      }
      timer = requestAnimationFrame(tick);
    };
    timer = requestAnimationFrame(tick);
  }
  function stop() { cancelAnimationFrame(timer); timer = 0; play.textContent = ctx.L("play"); picture.classList.remove("playing"); }

  const owner = (name) => { const s = ctx.lab.states.find((one) => one.name === name); return s.own ? "" : name.split(".")[0]; };
  const there = (name) => !owner(name) || ctx.state.on.has(owner(name));
  const words = (lines_, x, y, size, step, extra = {}) => svg("text", { x, y, "text-anchor": "middle", "font-size": size, ...extra }, ...lines_.map((line, i) => svg("tspan", { x, dy: i ? step : 0 }, line)));

  function build() {
    scene = ctx.lab.scenes[isNarrow() ? "narrow" : "wide"];
    const [text, small] = scene.text;
    picture.setAttribute("viewBox", `0 0 ${scene.size[0]} ${scene.size[1]}`);
    picture.classList.toggle("some", !scene.all);
    /* on a phone there is room for shapes; names are told where one is pointed at */
    picture.classList.toggle("crowded", isNarrow() && scene.icons.length > CROWD);
    const tips = TIPS.map(([name, size]) => svg("marker", { id: `tip-${name}`, viewBox: "0 0 10 10", refX: 5.5, refY: 5, markerWidth: size, markerHeight: size, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" }, svg("path", { d: "M0,0.8L10,5L0,9.2z" })));
    picture.replaceChildren(svg("defs", {}, ...tips), ...scene.grounds.map((g) => svg("g", { class: "ground" }, svg("rect", { x: g.box[0], y: g.box[1], width: g.box[2], height: g.box[3], rx: 8 }), svg("text", { x: g.box[0] + 6, y: g.box[1] + g.box[3] - 6, "font-size": small }, g.name))));
    lines = scene.routes.map((route, r) => line(route, r)).filter(Boolean);
    threads = scene.threads.filter((one) => there(one.state) && lines.some((l) => l.r === one.route)).map(thread);
    nodes = scene.icons.filter((icon) => there(icon.name)).map(node);
    lines.forEach(({ route }) => { if (route.spot && ctx.language === "en") picture.append(words(route.name, route.spot[0], route.spot[1] - 0.55 * small * (route.name.length - 2) - 0.15 * small, small, 1.1 * small, { class: "process", "aria-hidden": "true" })); });
    pills = [...ctx.state.on.keys()].flatMap((name) => lines.filter(({ route }) => route.processes.some((j) => ctx.lab.targets[name].includes(j))).map(({ route }) => pill(name, route)));
    picture.append(key(small));
  }

  function line(route, r) {
    if (![...route.takes, ...route.makes].every(there)) return null;
    const processes = route.processes.map((j) => ctx.lab.processes[j]), names = processes.map((p) => p.name);
    const side = (states) => states.map((s) => ctx.word(s)).join(" + ") || ctx.L("outside");
    const label = `${processes.map((p) => (p.meaning ? `${p.name}: ${ctx.say(p.meaning)}` : p.name)).join("; ")}; ${side(route.takes)} → ${side(route.makes)}`;
    const action = () => { chosen = chosen === r ? null : r; update(); };
    const paths = route.curves.map(([d, pointed]) => ({ pointed, line: svg("path", { class: "line", d }), flow: svg("path", { class: "flow", d }) }));
    const group = svg("g", { class: "arrow", tabindex: 0, role: "button", "aria-label": label, "data-process": names.join(" "), ...pressed(action) }, svg("title", {}, label), svg("circle", { class: "spot", cx: route.valve[0], cy: route.valve[1], r: 9 }), ...route.curves.map(([d]) => svg("path", { class: "hit", d })), ...paths.flatMap((p) => [p.line, p.flow]));
    picture.append(group);
    return { r, route, group, paths };
  }

  function thread(one) {
    const [x, y, angle] = one.end, kind = scene.icons.find((icon) => icon.name === one.state).kind;
    const end = one.sign < 0 ? svg("path", { d: "M0,-5.5V5.5", transform: `translate(${x},${y}) rotate(${angle})`, class: "bar-end" }) : svg("circle", { cx: x, cy: y, r: 3.4, class: one.sign ? "dot-end" : "ring-end" });
    const group = svg("g", { class: "thread", style: `--kind:var(--k-${kind || "other"})`, "data-thread": one.state, "aria-hidden": "true" }, svg("path", { d: one.d, class: "path" }), end);
    picture.append(group);
    return { one, group };
  }

  function node(icon) {
    const [x, y] = icon.at, d = PAGE.shapes[icon.kind], q = ctx.lab.quantities[ctx.lab.quantity.get(icon.name)], [text, small] = scene.text, r = scene.radius;
    const lines_ = named(icon, q), aside = icon.spot[0] - x, longest = (all) => Math.max(0, ...all.map((line_) => line_.length));
    /* a label beside its icon goes outwards where it is longer than the one that was laid out */
    const middle = icon.spot[0] + (Math.abs(aside) > 0.5 * r ? Math.sign(aside) * 0.28 * small * Math.max(longest(lines_) - longest(icon.label), 0) : 0);
    const level = svg("path", { class: "level", d }), value = svg("tspan", { class: "value", x: middle, dy: 1.2 * small });
    const top = icon.spot[1] - icon.half[1] + 0.92 * small, label = words(lines_, middle, top, small, 1.2 * small);
    if (scene.values) label.append(value);
    const look = (on) => () => { looked = on ? icon.name : ""; light(); tell(); };
    const group = svg("g", { class: "node", style: `--kind:var(--k-${icon.kind || "other"})`, tabindex: 0, role: "button", "data-state": icon.name, ...pressed(() => ctx.toggleShown(icon.name)), onpointerenter: look(true), onpointerleave: look(false), onfocus: look(true), onblur: look(false) },
      svg("path", { class: "shape", d, transform: `translate(${x},${y}) scale(${r})` }), level, svg("path", { class: "edge", d, transform: `translate(${x},${y}) scale(${r})` }), icon.symbol ? svg("text", { x, y: y + 0.35 * text, "text-anchor": "middle", "font-size": text, class: "symbol" }, icon.symbol) : null, label);
    picture.append(group);
    return { icon, q, level, value, group, i: ctx.lab.quantity.get(icon.name) };
  }

  /* The lines of a label: as they were laid out, or in another language as few lines as are about as wide. */
  function named(icon, q) {
    if (ctx.language === "en") return icon.label;
    const widest = Math.max(14, ...icon.label.map((line_) => line_.length));
    return ctx.say(q.label || q.meaning || q.name).replace(/ \(.*/, "").split(" ").reduce((all, word) => {
      const last = all[all.length - 1];
      return last !== undefined && last.length + word.length < widest ? [...all.slice(0, -1), `${last} ${word}`] : [...all, word];
    }, []);
  }

  /* A capsule on an arrow whose rate a treatment changes. */
  function pill(name, route) {
    const nth = pills.filter((one) => one.route === route).length, [x, y] = route.valve;
    const group = svg("g", { class: "pill", "data-pill": name, transform: `translate(${x + 9 * nth},${y}) rotate(-35)`, "aria-hidden": "true" }, svg("rect", { x: -9, y: -4.5, width: 18, height: 9, rx: 4.5 }), svg("path", { d: "M0,-4.5V4.5" }));
    picture.append(group);
    return { name, route, group };
  }

  /* Which shapes stand for what, where there are several. */
  function key(small) {
    const kinds = [...new Set(nodes.map(({ icon }) => icon.kind))], group = svg("g", { class: "kinds", "aria-hidden": "true" });
    let x = 8;
    (kinds.length > 1 ? kinds : []).forEach((kind) => {
      const word = ctx.L(`kind_${kind || "other"}`);
      group.append(svg("path", { class: "edge full", style: `--kind:var(--k-${kind || "other"})`, d: PAGE.shapes[kind], transform: `translate(${x},${0.8 * small}) scale(${0.5 * small})` }), svg("text", { x: x + 0.9 * small, y: 1.15 * small, "font-size": small }, word));
      x += (0.6 * word.length + 2.4) * small;
    });
    return group;
  }

  /* Runs changed: what icons and arrows are measured against. */
  function rescale() {
    scales = scalesOf(ctx.lab, [ctx.control, ctx.treated], scene.routes);
    gifts = [...ctx.state.on.keys()].map((name) => ({ rows: new Set(ctx.lab.breakStates.flatMap((rows, b) => (ctx.lab.breakOwners[b] === name ? rows : []))), times: dosesOf(ctx.lab, ctx.state, ctx.lab.place.get(name)) })).filter((one) => one.rows.size);
  }

  /* What is pointed at, in words and with its value; else what was chosen, else what can be done. */
  function tell() {
    const run = ctx.guess ? ctx.control : ctx.treated, node_ = nodes.find(({ icon }) => icon.name === looked);
    if (run.status !== "ok") return;
    if (node_) equation.replaceChildren(el("p", {}, `${looked}: ${ctx.say(node_.q.meaning)} = ${node_.told}`));
    else if (chosen === null) equation.replaceChildren(el("p", { class: "quiet hint" }, `${ctx.L("tap")} ${ctx.L("size")}`));
    else equation.replaceChildren(...scene.routes[chosen].processes.map((j) => el("p", {}, equationText(ctx, j, run.y[ctx.k], observeAt(ctx.lab, run, ctx.k), run.p[ctx.k]))));
  }

  function light() {
    threads.forEach(({ one, group }) => group.classList.toggle("lit", one.route === chosen || one.state === looked));
  }

  function update() {
    /* while a curve is being guessed, the stage shows what happens without treatment */
    const run = ctx.guess ? ctx.control : ctx.treated;
    slider.value = ctx.k;
    output.textContent = `t = ${ctx.moment(run.times[ctx.k])}`;
    slider.setAttribute("aria-valuetext", output.textContent);
    if (run.status !== "ok") return;
    const seen = observeAt(ctx.lab, run, ctx.k), y = run.y[ctx.k], now = run.times[ctx.k], forward = ctx.k > before && ctx.k - before < 0.03 * ctx.lab.points;
    nodes.forEach((one) => {
      const { icon, q, level, value, group, i } = one, share = levelOf(scales.states[i], y[i]), told = amount(y[i], q.unit, scales.states[i].top);
      one.told = told;
      level.setAttribute("transform", `translate(${icon.at[0]},${icon.at[1]}) scale(${(scene.radius * Math.sqrt(share)).toFixed(2)})`);
      group.classList.toggle("zero", share === 0);
      group.classList.toggle("chosen", ctx.state.shown.includes(icon.name));
      group.setAttribute("aria-pressed", ctx.state.shown.includes(icon.name));
      group.setAttribute("aria-description", told);
      value.textContent = told;
      if (forward && given(i, run.times[before], now)) { group.classList.remove("given"); void group.getBBox(); group.classList.add("given"); }
    });
    if (ctx.k !== before) drift += Math.min(Math.abs(ctx.k - before), 6);
    const thin = Math.min(1, 0.35 + scene.radius / 60);
    lines.forEach(({ r, route, group, paths }) => {
      const flux = fluxOf(route, seen), wide = widthOf(flux, scales.most[r]) * thin, tip = `url(#tip-${wide < 2.4 ? "s" : wide < 3.8 ? "m" : "l"})`;
      const back = flux < 0, sides = [...route.takes].length && [...route.makes].length;
      paths.forEach(({ pointed, line: path, flow }) => {
        path.setAttribute("stroke-width", wide.toFixed(2));
        fill(path, { "marker-end": (back ? !pointed && sides : pointed) ? tip : "none", "marker-start": back && pointed && paths.length === 1 ? tip : "none" }, []);
        if (back && paths.length === 1) path.setAttribute("marker-end", "none");
        flow.setAttribute("stroke-dashoffset", ((back ? 1 : -1) * drift * (0.3 + wide / 4)).toFixed(1));
        flow.style.visibility = flux === 0 ? "hidden" : "";
      });
      group.classList.toggle("idle", flux === 0);
      group.classList.toggle("chosen", chosen === r);
      group.setAttribute("aria-pressed", chosen === r);
    });
    pills.forEach(({ name, group }) => group.classList.toggle("off", ctx.guess !== null || !acts(name, now)));
    before = ctx.k;
    light();
    tell();
  }

  /* Whether something is put into a state between two times. */
  const given = (i, from, to) => !ctx.guess && gifts.some(({ rows, times }) => rows.has(i) && times.some((t) => t > from && t <= to));

  /* Whether a treatment acts at a time, as far as its window says. */
  function acts(name, t) {
    const knobs = ctx.state.on.get(name), knob = (which) => knobs.get(`${name}.${which}`);
    if (knob("strength") === 0) return false;
    const first = ctx.state.times.has(name) ? ctx.state.times.get(name)[0] : knob("start");
    return !(first !== undefined && t < first) && !(knob("stop") !== undefined && t > knob("stop"));
  }
  const section = el("section", { class: "stage", "aria-labelledby": "stage-h" }, el("h2", { id: "stage-h", class: "unseen" }, ctx.L("stage")), picture, el("div", { class: "time" }, play, slider, output), equation);
  return { section, build, update, rescale, stop };
}

/* The rate of a process as written, and with the numbers of now in place of names. */
function equationText(ctx, j, y, seen, p) {
  const lab = ctx.lab, process = lab.processes[j], n = lab.program.states, now = new Map();
  lab.parameters.forEach((one, i) => now.set(one.name, p[i]));
  lab.switchNames.forEach((name, i) => now.set(name, p[lab.parameters.length + i]));
  lab.quantities.forEach((q, i) => { if (q.kind !== "flux") now.set(q.name, i < n ? y[i] : seen[i - n]); });
  lab.quantities.forEach((q) => { if (q.name.endsWith(".effective")) now.set(q.name.slice(0, -10), now.get(q.name)); });
  now.set("t", ctx.treated.times[ctx.k]);
  const past = lab.quantities.filter((q) => q.kind === "delayed").reduce((text, q) => text.replaceAll(q.name, FIGURES(now.get(q.name))), process.rate);
  const filled = past.replace(/[A-Za-z_][\w.]*/g, (word) => (now.has(word) ? FIGURES(now.get(word)) : word));
  return `${process.name}${process.meaning ? ` (${ctx.say(process.meaning)})` : ""}: ${process.rate} = ${filled} = ${FIGURES(seen[j])}`;
}
