"use strict";
/* The class: virtual patients with and without treatment, who of them responds, and what a trial found. */

function makeClass(ctx) {
  let rule = "", enough = 0.3, endpoint = "mean", found = null, key = "", quantity = "";
  const line = () => ctx.lab.thresholds.find((t) => t.name === rule);
  /* Until a rule is chosen: the threshold of which a trial reported shares, else the way in which treatment moves it. */
  function usual(asked) {
    const now = [...ctx.state.on.keys()].sort().join("+"), share = ctx.lab.shares.find((one) => one.arm === now && ctx.lab.thresholds.some((t) => t.name === one.threshold && ctx.lab.quantity.has(t.quantity)));
    if (share) return share.threshold;
    const [a, b] = [ctx.control, ctx.treated].map((run) => (run.status === "ok" ? ENDPOINTS[endpoint](course(ctx.lab, run, asked)) : 0));
    return b > a ? "1" : "-1";
  }
  let owner = null;
  const called = (t) => `${ctx.say(t.meaning || t.name)} (${t.condition})`;
  const responds = (one) => {
    const t = line();
    if (one.failed) return false;
    return t ? (t.below ? one.within < t.level : one.within > t.level) : +rule * one.change >= enough;
  };
  const redo = (action) => (v) => { action(v); ctx.refreshPanel(); };

  function controls(run) {
    const t = line(), lines = ctx.lab.thresholds.filter((one) => ctx.lab.quantity.has(one.quantity));
    const rules = [["-1", ctx.L("lower")], ["1", ctx.L("higher")], ...lines.map((one) => [one.name, called(one)])];
    return el("div", { class: "row" },
      picker("class-goal", ctx.L("goal"), rules, rule, redo((v) => { rule = v; })),
      t ? null : picker("class-enough", ctx.L("atLeast"), [0.1, 0.2, 0.3, 0.5, 0.9].map((v) => [String(v), `${100 * v} %`]), String(enough), redo((v) => { enough = +v; })),
      t ? null : picker("class-of", ctx.L("quantity"), quantityOptions(ctx).filter(([n]) => ctx.state.shown.includes(n)), quantity, redo((v) => { quantity = v; })),
      t ? null : picker("class-end", ctx.L("measure"), ["mean", "final", "peak"].map((e) => [e, ctx.L(e)]), endpoint, redo((v) => { endpoint = v; })),
      el("button", { id: "class-run", class: "main", onclick: run }, ctx.L("classRun")));
  }

  /* Who they are, and what a filled circle means. */
  function texts(asked, end) {
    const t = line(), { cohort } = ctx.lab, names = cohort ? cohort.covariates : [];
    const who = cohort ? ctx.L("classDeclared", cohort.n) + (names.length ? ` ${ctx.L("classCovariates", names.join(", "))}` : "") : ctx.L("classAny", PATIENTS);
    const what = t ? ctx.L("classLine", called(t)) : ctx.L("classText", `${ctx.word(asked)} (${ctx.L(end)})`, ctx.L(rule === "-1" ? "lower" : "higher"), 100 * enough);
    return el("p", { class: "quiet" }, `${who} ${what} ${ctx.L("classShare")}`);
  }

  /* Shares that trials reported for this rule and this treatment. */
  function reported() {
    const t = line(), now = [...ctx.state.on.keys()].sort().join("+");
    const shares = t ? ctx.lab.shares.filter((one) => one.threshold === t.name && one.arm === now) : [];
    return shares.length ? el("p", { id: "reported" }, `${ctx.L("found")}: ${shares.map((one) => `${one.words} ${+(100 * one.value).toPrecision(3)} % (${one.trial})`).join("; ")}`) : null;
  }

  return function view() {
    if (!ctx.lab.quantity.has(quantity) || !ctx.state.shown.includes(quantity)) quantity = ctx.state.shown[0];
    const scene = [ctx.lab.id, quantity, ...ctx.state.on.keys()].join();
    if (owner !== scene || (!["-1", "1"].includes(rule) && !line())) rule = usual(quantity);
    owner = scene;
    const t = line(), asked = t ? t.quantity : quantity, end = t ? "final" : endpoint, now = toLink(ctx.state, "") + asked + end;
    if (key !== now) found = null;
    const progress = el("p", { class: "quiet", role: "status", id: "class-progress" });
    const run = () => {
      const all = patients(ctx.lab, ctx.state), started = performance.now(), way = ctx.L("classWay", "{0}", all.length);
      key = now;
      ctx.pool.run(ctx.labNumber, ctx.lab, { ...treatmentOf(ctx.lab, ctx.state), usual: usualOf(ctx.lab, ctx.treated, asked) }, all, [asked, end, -1, enough],
        (count) => { progress.textContent = way.replace("{0}", count); },
        (done) => { if (key !== now) return; found = done; ctx.classTime = performance.now() - started; ctx.refreshPanel(); });
    };
    const parts = [controls(run), texts(asked, end)];
    if (!found) return [...parts, progress];
    const lost = found.filter((one) => one.failed).length, yes = found.filter(responds).length, words = (one) => ctx.L(one.failed ? "lost" : responds(one) ? "yes" : "no");
    const told = el("p", { class: "quiet", role: "status" }), { cohort } = ctx.lab, percent = found.length > lost ? Math.round((100 * yes) / (found.length - lost)) : 0;
    const about = (one) => (cohort ? cohort.covariates.map((name) => `${name} ${FIGURES(one.values[ctx.lab.row.get(name)])}`).join(", ") : "");
    const dots = found.map((one, i) => el("button", { class: one.failed ? "lost" : responds(one) ? "yes" : "", "aria-label": ctx.L("patient", i + 1, words(one)), onclick: () => { told.textContent = [`${ctx.L("patient", i + 1, words(one))}; ${ctx.word(asked)}: ${FIGURES(one.without)} → ${FIGURES(one.within)}`, about(one)].filter(Boolean).join("; "); } }));
    return [...parts, el("p", { id: "responders" }, ctx.L("responders", yes, found.length - lost, lost, percent)), reported(), el("div", { class: "patients" }, ...dots), told,
      asTable(ctx, ["#", ctx.lineOf("without"), ctx.lineOf("with"), "Δ %"], found.map((one, i) => [String(i + 1), one.failed ? "–" : one.without, one.failed ? "–" : one.within, one.failed ? "–" : 100 * one.change]))].filter(Boolean);
  };
}
