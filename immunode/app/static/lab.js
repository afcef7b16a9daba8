"use strict";
/* Puts the page together: which model, which controls, what to compute when they change. */

const PAGE = typeof document === "undefined" ? null : JSON.parse(document.getElementById("data").textContent);

function startLab(root, programs) {
  const labs = PAGE.labs.map((data, i) => openLabOf(data, programs[i]));
  const linked = fromLink(labs, location.hash.slice(1)), wished = (navigator.language || "en").slice(0, 2);
  const ctx = { k: 0, ghosts: [], guess: null, revealed: null, language: "en", pool: makePool() };
  const languages = Object.keys(PAGE.strings);
  ctx.language = linked && languages.includes(linked.language) ? linked.language : languages.includes(wished) ? wished : "en";
  ctx.L = (key, ...values) => values.reduce((text, v, i) => text.replaceAll(`{${i}}`, v), PAGE.strings[ctx.language][key] || PAGE.strings.en[key] || key);
  ctx.say = (text) => sayIn(PAGE.phrases[ctx.language], text);
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

  function open(state) {
    ctx.lab = labs.find((l) => l.id === state.lab);
    ctx.labNumber = labs.indexOf(ctx.lab);
    ctx.state = state;
    ctx.ghosts = []; ctx.guess = null; ctx.revealed = null; ctx.k = 0;
    build();
  }

  function compute() {
    const started = performance.now();
    ctx.treated = simulate(ctx.lab, valuesOf(ctx.lab, ctx.state), treatmentOf(ctx.lab, ctx.state));
    ctx.runTime = performance.now() - started;
    const patient = JSON.stringify([ctx.lab.id, [...ctx.state.values]]);
    if (patient !== ctx.patient) { ctx.control = simulate(ctx.lab, valuesOf(ctx.lab, ctx.state, false)); ctx.patient = patient; }
  }

  ctx.changed = (dragging) => {
    if (dragging) { cancelAnimationFrame(pending); pending = requestAnimationFrame(() => redo(true)); return; }
    cancelAnimationFrame(pending);
    redo(false);
  };
  function redo(dragging) {
    compute();
    parts.timeline.refresh(dragging);
    if (!dragging) parts.stage.build();
    parts.stage.peaks();
    ctx.refresh(dragging);
    if (!dragging) history.replaceState(null, "", `#${toLink(ctx.state, ctx.language)}`);
  }
  ctx.refresh = (dragging) => {
    const run = ctx.treated, why = run.status === "refused" && run.failed >= 0 ? ctx.lab.requirements[run.failed] : run.status;
    parts.error.textContent = run.status === "ok" ? "" : ctx.L("failed", why);
    parts.curves.draw();
    parts.stage.update();
    if (!dragging) parts.panels.later();
  };
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
    c.fillStyle = "#fff"; c.fillRect(0, 0, sheet.width, sheet.height); c.fillStyle = "#1d2530"; c.font = `${15 * ratio}px sans-serif`;
    let y = 0;
    canvases.forEach((one, i) => { c.fillText(plots[i].root.parentNode.querySelector("h3").textContent, 8 * ratio, y + 19 * ratio); c.drawImage(one, 0, y + head * ratio); y += one.height + head * ratio; });
    const link = el("a", { href: sheet.toDataURL("image/png"), download: `${ctx.lab.id}.png` });
    link.click();
  }

  function build() {
    const lab = ctx.lab, ready = PAGE.scenarios.filter((s) => labs.some((l) => l.id === s.model)), one = ready.find((s) => s.id === scenario);
    document.documentElement.lang = ctx.language;
    parts = { stage: makeStage(ctx), curves: makeCurves(ctx), timeline: makeTimeline(ctx), panels: makePanels(ctx), error: el("p", { class: "error", role: "alert" }) };
    const told = el("span", { class: "quiet", role: "status", id: "told" }), code = el("pre", { id: "code", hidden: true, tabindex: 0 });
    const choose = (id) => { scenario = id; const found = ready.find((s) => s.id === id); open(found ? scenarioState(found) : freshState(lab)); };
    const header = el("header", {}, el("div", { class: "grow" }, el("h1", {}, ctx.say(lab.title)), el("span", { class: "quiet" }, `${lab.id}, ${ctx.L(lab.status === "published" ? "statusPublished" : "status")}${lab.reference ? `, ${lab.reference}` : ""}${lab.timeIsScaled ? `; ${ctx.L("scaled", lab.timeUnit || "1")}` : ""}`)),
      labs.length > 1 ? picker("model", ctx.L("model"), labs.map((l) => [l.id, ctx.say(l.title)]), lab.id, (id) => { scenario = ""; open(freshState(labs.find((l) => l.id === id))); }) : null,
      ready.length ? picker("scenario", ctx.L("scenario"), [["", ctx.L("free")], ...ready.map((s) => [s.id, s.title[ctx.language] || s.title.en])], scenario, choose) : null,
      picker("language", ctx.L("language"), languages.map((l) => [l, l === "de" ? "Deutsch" : l === "en" ? "English" : l]), ctx.language, (l) => { ctx.language = l; build(); }),
      el("button", { id: "reset", onclick: () => choose(scenario) }, ctx.L("reset")),
      el("p", { class: "story" }, one ? one.story[ctx.language] || one.story.en : ""));
    const buttons = el("section", { class: "wide" }, el("div", { class: "row" },
      el("button", { id: "show-code", "aria-expanded": false, onclick: (e) => { code.hidden = !code.hidden; e.currentTarget.setAttribute("aria-expanded", !code.hidden); code.textContent = pythonCode(lab, ctx.state); } }, ctx.L("code")),
      el("button", { id: "figure", onclick: figure }, ctx.L("figure")),
      el("button", { id: "csv", onclick: () => download(`${lab.id}.csv`, "text/csv", csv(lab, ctx.treated, lab.quantities.map((q) => q.name))) }, ctx.L("data")),
      el("button", { id: "link", onclick: () => { const address = location.href; told.textContent = ctx.L("copied", address); if (navigator.clipboard) navigator.clipboard.writeText(address).catch(() => {}); } }, ctx.L("link")), told), code);
    const main = el("main", {}, parts.error, parts.stage.section, parts.curves.section, parts.timeline.section, parts.panels.section, buttons);
    const footer = el("footer", {}, el("details", {}, el("summary", {}, el("strong", {}, ctx.L("advice")), " ", el("u", {}, ctx.L("limits")), `: ${ctx.say(lab.limits[0] || "")}`),
      el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": ctx.L("limits") }, el("p", {}, ctx.L("adviceText")), ...lab.limits.map((text, i) => el("p", {}, i === 0 ? ctx.say(text) : text)))));
    root.replaceChildren(header, main, footer);
    parts.timeline.build();
    redo(false);
  }

  addEventListener("resize", () => { if (parts) parts.curves.draw(); });
  addEventListener("hashchange", () => { const next = fromLink(labs, location.hash.slice(1)); if (next) { scenario = ""; open(next.state); } });
  window.immunodeLab = ctx;
  if (linked) open(linked.state);
  else {
    const wanted = labs[0].on.length > 0, first = wanted ? null : PAGE.scenarios.find((s) => labs[0].id === s.model);
    scenario = first ? first.id : "";
    open(scenarioState(first || { model: labs[0].id, on: Object.fromEntries(labs[0].on.map((n) => [n, {}])), show: [] }));
  }
}
