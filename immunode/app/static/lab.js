"use strict";
/* Puts the page together: which model, which controls, what to compute when they change. */

const PAGE = typeof document === "undefined" ? null : JSON.parse(document.getElementById("data").textContent);

const LONGEST_WORD = 48, LONGEST_LINE = 40, VISIBLE = 0.05;

function startLab(root, programs) {
  const labs = PAGE.labs.map((data, i) => openLabOf(data, programs[i]));
  const linked = fromLink(labs, location.hash.slice(1)), wished = (navigator.language || "en").slice(0, 2);
  const ctx = { k: 0, ghosts: [], guess: null, revealed: null, told: false, language: "en", pool: makePool() };
  /* A model is offered in the languages in which all of its own words are known. */
  const languagesOf = (lab) => Object.keys(PAGE.strings).filter((l) => l === "en" || PAGE.phrases[l].complete.includes(lab.id));
  let asked = linked && own(PAGE.strings, linked.language) ? linked.language : own(PAGE.strings, wished) ? wished : "en";
  ctx.L = (key, ...values) => values.reduce((text, v, i) => text.replaceAll(`{${i}}`, v), PAGE.strings[ctx.language][key] || PAGE.strings.en[key] || key);
  ctx.say = (text) => sayIn(PAGE.phrases[ctx.language], text);
  /* What a quantity is called: its label, else what it means where that is short, else its name. */
  ctx.word = (name) => { const q = ctx.lab.quantities[ctx.lab.quantity.get(name)]; return ctx.say(q.label || (q.meaning && q.meaning.length <= LONGEST_WORD ? q.meaning : name)); };
  /* Times as people say them: 364 days are 52 weeks. */
  ctx.clock = () => (ctx.lab.clock.unit ? ctx.L(`${ctx.lab.clock.unit}s`) : "");
  ctx.moment = (t) => { const v = FIGURES(t * ctx.lab.clock.factor), unit = ctx.lab.clock.unit; return `${v}${unit ? ` ${ctx.L(v === "1" ? unit : `${unit}s`)}` : ""}`; };
  ctx.timeAxis = () => ctx.lab.axis || `${ctx.L("time")}${ctx.clock() ? ` (${ctx.clock()})` : ""}`;
  ctx.called = (it) => ctx.say(it.label || it.name.replaceAll("_", " "));
  /* What the two curves are: what is on, where that is short, and the story's name of the arm without it. */
  ctx.lineOf = (kind) => {
    const on = [...ctx.state.on.keys()].map((name) => ctx.called(ctx.lab.place.get(name))).join(" + "), short = on && on.length <= LONGEST_LINE;
    if (kind === "with") return short ? on : ctx.L("with");
    return ctx.language === "en" && ctx.lab.control ? ctx.lab.control : ctx.L(short ? "none" : "without");
  };
  let parts = null, scenario = "", pending = 0;

  function scenarioState(one) {
    const lab = labs.find((l) => l.id === one.model), state = freshState(lab);
    Object.entries(one.on).forEach(([name, knobs]) => {
      const it = lab.place.get(name);
      if (it) state.on.set(name, new Map(it.knobs.map((k) => [k, own(knobs, k) ? knobs[k] : lab.parameters[lab.row.get(k)].full])));
    });
    const shown = one.show.filter((q) => lab.quantity.has(q));
    if (shown.length) state.shown = shown;
    return state;
  }

  /* How many of its curves the treatment of a scenario changes for the eye. */
  function seen(one) {
    const state = scenarioState(one), lab = labs.find((l) => l.id === one.model);
    const runs = [false, true].map((treated) => simulate(lab, valuesOf(lab, state, treated), { ...treatmentOf(lab, state), points: CLASS_POINTS, rtol: classRtol(lab) }));
    if (!runs.every((run) => run.status === "ok")) return 0;
    return state.shown.filter((name) => {
      const [a, b] = runs.map((run) => course(lab, run, name)), gap = Math.max(...a.map((v, k) => Math.abs(v - b[k])));
      return gap > VISIBLE * Math.max(...a.concat(b).map(Math.abs));
    }).length;
  }

  /* Where scenarios show as much: whether a trial had this arm, and how soon the story speaks of it. Below 1; an arm to compare with comes last. */
  function told(one) {
    if (/^(placebo|control)$/i.test(one.title.en)) return -1;
    const lab = labs.find((l) => l.id === one.model), arm = Object.keys(one.on).sort().join("+"), tried = [...lab.trials, ...lab.shares].some((t) => t.arm === arm);
    const story = (one.story.en || "").toLowerCase(), words = (one.title.en.toLowerCase().match(/[a-z]{4,}/g) || []).map((word) => story.indexOf(word)).filter((at) => at >= 0);
    return 0.5 * tried + (words.length ? 0.4 * (1 - Math.min(...words) / story.length) : 0);
  }

  /* Curves that are flat with and without treatment tell nothing: they make way for others, where there are any. */
  function lively() {
    const { lab, state } = ctx, runs = [ctx.control, ctx.treated].filter((run) => run.status === "ok");
    const moves = (name) => { const all = runs.flatMap((run) => course(lab, run, name)), high = Math.max(...all), low = Math.min(...all); return high - low > 1e-3 * Math.max(Math.abs(high), Math.abs(low)); };
    const good = state.shown.filter(moves), more = [...lab.readouts, ...lab.states.map((s) => s.name)].filter((q) => !good.includes(q));
    if (good.length < state.shown.length) state.shown = good.length ? good : [more.find(moves) || state.shown[0]];
    if (isColumn()) state.shown = state.shown.slice(0, isNarrow() ? 2 : 3);
  }

  function open(state, fresh = true) {
    ctx.lab = labs.find((l) => l.id === state.lab);
    ctx.labNumber = labs.indexOf(ctx.lab);
    ctx.state = state;
    ctx.ghosts = []; ctx.guess = null; ctx.revealed = null; ctx.told = false; ctx.k = 0;
    if (parts) parts.stage.stop();
    compute();
    if (fresh) lively();
    build();
  }

  function compute() {
    const started = performance.now();
    ctx.treated = simulate(ctx.lab, valuesOf(ctx.lab, ctx.state), { ...treatmentOf(ctx.lab, ctx.state), rtol: DRAWN_RTOL });
    ctx.runTime = performance.now() - started;
    const patient = JSON.stringify([ctx.lab.id, [...ctx.state.values]]);
    if (patient !== ctx.patient) { ctx.control = simulate(ctx.lab, valuesOf(ctx.lab, ctx.state, false), { rtol: DRAWN_RTOL }); ctx.patient = patient; }
  }

  ctx.changed = (dragging) => {
    if (dragging) { cancelAnimationFrame(pending); pending = requestAnimationFrame(() => redo(true)); return; }
    cancelAnimationFrame(pending);
    redo(false);
  };
  function redo(dragging) {
    compute();
    show(dragging);
  }
  function show(dragging) {
    parts.timeline.refresh(dragging);
    if (!dragging) parts.stage.build();
    parts.stage.rescale();
    ctx.refresh(dragging);
    if (!dragging) history.replaceState(null, "", `#${toLink(ctx.state, ctx.language, scenario)}`);
  }
  ctx.refresh = (dragging) => {
    const run = ctx.treated, why = run.status === "refused" && run.failed >= 0 ? ctx.lab.requirements[run.failed] : run.status;
    parts.error.textContent = run.status === "ok" ? "" : ctx.L("failed", inWords(why));
    parts.notice.textContent = "";
    parts.curves.draw();
    parts.stage.update();
    if (!dragging) parts.panels.later();
  };
  /* What stopped a run, with labels and meanings instead of names in quotes. */
  const inWords = (text) => text.replace(/'([\w.]+)'/g, (quote, name) => {
    const p = ctx.lab.parameters[ctx.lab.row.get(name)];
    return ctx.lab.place.has(name) ? `“${ctx.called(ctx.lab.place.get(name))}”` : p && p.meaning ? `“${ctx.say(p.meaning)}”` : quote;
  });
  ctx.tell = (text) => { parts.notice.textContent = text; };
  ctx.refreshPanel = () => parts.panels.refresh();
  ctx.setTime = (k) => { ctx.k = k; parts.stage.update(); parts.timeline.marks(); parts.curves.marks(); };
  ctx.toggleShown = (name) => {
    const at = ctx.state.shown.indexOf(name);
    if (at >= 0 && ctx.state.shown.length > 1) ctx.state.shown.splice(at, 1);
    else if (at < 0) ctx.state.shown = [name, ...ctx.state.shown].slice(0, 6);
    parts.curves.stop();
    ctx.changed();
  };

  function download(name, type, text) {
    const address = URL.createObjectURL(new Blob([text], { type })), link = el("a", { href: address, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  /* All plots below each other, as one PNG. */
  function figure() {
    const plots = parts.curves.plots(), canvases = plots.map((p) => p.root.querySelector("canvas")), head = 28, ratio = window.devicePixelRatio || 1;
    const sheet = el("canvas", { width: Math.max(...canvases.map((c) => c.width)), height: canvases.reduce((a, c) => a + c.height + head * ratio, 0) }), c = sheet.getContext("2d");
    c.fillStyle = paint("paper"); c.fillRect(0, 0, sheet.width, sheet.height); c.fillStyle = paint("ink"); c.font = `${15 * ratio}px sans-serif`;
    let y = 0;
    canvases.forEach((one, i) => { c.fillText(plots[i].root.parentNode.querySelector("h3").textContent, 8 * ratio, y + 19 * ratio); c.drawImage(one, 0, y + head * ratio); y += one.height + head * ratio; });
    const link = el("a", { href: sheet.toDataURL("image/png"), download: `${ctx.lab.id}.png` });
    link.click();
  }

  function build() {
    const lab = ctx.lab, languages = languagesOf(lab), ready = PAGE.scenarios.filter((s) => labs.some((l) => l.id === s.model)), one = ready.find((s) => s.id === scenario);
    ctx.language = languages.includes(asked) ? asked : "en";
    document.documentElement.lang = ctx.language;
    parts = { stage: makeStage(ctx), curves: makeCurves(ctx), timeline: makeTimeline(ctx), panels: makePanels(ctx), error: el("p", { class: "error", role: "alert" }), notice: el("p", { class: "quiet", role: "status", id: "notice" }) };
    const told = el("span", { class: "quiet", role: "status", id: "told" }), code = el("pre", { id: "code", hidden: true, tabindex: 0 });
    const choose = (id) => { scenario = id; const found = ready.find((s) => s.id === id); open(found ? scenarioState(found) : freshState(lab)); };
    const about = `${lab.id}, ${ctx.L(lab.status === "published" ? "statusPublished" : "status")}${lab.reference ? `, ${lab.reference}` : ""}${lab.timeIsScaled ? `; ${ctx.L("scaled", lab.timeUnit || "1")}` : ""}`;
    const header = el("header", {}, el("h1", { title: about }, ctx.say(lab.title)),
      labs.length > 1 ? picker("model", ctx.L("model"), labs.map((l) => [l.id, ctx.say(l.title)]), lab.id, (id) => { scenario = ""; open(freshState(labs.find((l) => l.id === id))); }) : null,
      ready.length ? picker("scenario", ctx.L("scenario"), [["", ctx.L("free")], ...ready.map((s) => [s.id, s.title[ctx.language] || ctx.say(s.title.en)])], scenario, choose) : null,
      languages.length > 1 ? picker("language", ctx.L("language"), languages.map((l) => [l, l === "de" ? "Deutsch" : l === "en" ? "English" : l]), ctx.language, (l) => { asked = l; build(); }) : null,
      el("button", { id: "reset", title: ctx.L("reset"), onclick: () => choose(scenario) }, ctx.L("reset")),
      one && one.story.en ? el("p", { class: "story" }, one.story[ctx.language] || ctx.say(one.story.en)) : null);
    const buttons = el("section", { class: "wide" }, el("div", { class: "row" },
      el("button", { id: "show-code", "aria-expanded": false, onclick: (e) => { code.hidden = !code.hidden; e.currentTarget.setAttribute("aria-expanded", !code.hidden); code.textContent = pythonCode(lab, ctx.state); } }, ctx.L("code")),
      el("button", { id: "figure", onclick: figure }, ctx.L("figure")),
      el("button", { id: "csv", onclick: () => download(`${lab.id}.csv`, "text/csv", csv(lab, simulate(lab, valuesOf(lab, ctx.state), treatmentOf(lab, ctx.state)), lab.quantities.filter((q) => q.kind !== "delayed").map((q) => q.name))) }, ctx.L("data")),
      el("button", { id: "link", onclick: () => { const address = location.href; told.textContent = ctx.L("copied", address); if (navigator.clipboard) navigator.clipboard.writeText(address).catch(() => {}); } }, ctx.L("link")), told), code);
    const { curves, timeline } = parts;
    const play = el("section", { class: "play", "aria-labelledby": "curves-h" }, el("h2", { id: "curves-h", class: "unseen" }, ctx.L("curves")), ...curves.parts, timeline.block, parts.notice, timeline.cards, curves.controls);
    const main = el("main", {}, parts.error, parts.stage.section, play, timeline.detail, parts.panels.section, buttons);
    const footer = el("footer", {}, el("details", {}, el("summary", {}, el("strong", {}, ctx.L("advice")), " ", el("u", {}, ctx.L("limits")), el("span", { class: "more" }, `: ${ctx.say(lab.limits[0] || "")}`)),
      el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": ctx.L("limits") }, el("p", {}, ctx.L("adviceText")), el("p", {}, about), ...lab.limits.map((text, i) => el("p", {}, ctx.say(text))))));
    root.replaceChildren(header, main, footer);
    parts.timeline.build();
    show(false);
  }

  /* The scenario of a link, so that its question comes with it. */
  const known = (link) => (PAGE.scenarios.some((s) => s.id === link.scenario && s.model === link.state.lab) ? link.scenario : "");

  /* Paper is white, whatever the screen is. */
  const onPaper = (yes) => () => { document.documentElement.classList.toggle("paper", yes); if (parts) parts.curves.draw(); };
  addEventListener("beforeprint", onPaper(true));
  addEventListener("afterprint", onPaper(false));
  addEventListener("resize", () => { if (parts) redo(false); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (parts) parts.curves.draw(); });
  addEventListener("hashchange", () => { const next = fromLink(labs, location.hash.slice(1)); if (next) { scenario = known(next); open(next.state, false); } });
  window.immunodeLab = ctx;
  if (linked) { scenario = known(linked); open(linked.state, false); }
  else {
    const wanted = labs[0].on.length > 0, mine = wanted ? [] : PAGE.scenarios.filter((s) => s.model === labs[0].id), first = mine.length > 1 ? mine.map((s) => [seen(s) + told(s), s]).reduce((a, b) => (b[0] > a[0] ? b : a))[1] : mine[0];
    scenario = first ? first.id : "";
    open(scenarioState(first || { model: labs[0].id, on: Object.fromEntries(labs[0].on.map((n) => [n, {}])), show: [] }));
  }
}
