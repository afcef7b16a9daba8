"use strict";
/* The class on all cores: workers made of the page's own text, so that it stays one file and asks for nothing. */

const MOST_WORKERS = 8, PATIENTS_AT_ONCE = 4, SLICE = 40;

/* Runs in a worker, after the text of the engine: opens each lab once, then answers with what becomes of patients. */
function inWorker() {
  const labs = new Map();
  self.onmessage = ({ data: asked }) => {
    if (asked.data) labs.set(asked.k, openLabOf(asked.data, PROGRAMS[asked.k]));
    const lab = labs.get(asked.k);
    self.postMessage({ run: asked.run, first: asked.first, found: asked.values.map((v) => respond(lab, asked.on, v, ...asked.what)) });
  };
}

function makePool() {
  let workers = null, broken = typeof Worker === "undefined", latest = 0;

  function start() {
    if (workers || broken) return;
    try {
      const text = [document.getElementById("engine").textContent, `\n(${inWorker})();`];
      const address = URL.createObjectURL(new Blob(text, { type: "text/javascript" }));
      const n = Math.max(1, Math.min(navigator.hardwareConcurrency || 2, MOST_WORKERS));
      workers = Array.from({ length: n }, () => Object.assign(new Worker(address), { known: new Set() }));
    } catch (error) {
      broken = true;
    }
  }

  /* What becomes of all patients; told(count) on the way, done(found) at the end. A later call ends an earlier one. */
  function run(k, lab, on, all, what, told, done) {
    const mine = ++latest, found = new Array(all.length);
    let next = 0, known = 0;
    const keep = (first, some) => {
      some.forEach((one, i) => { found[first + i] = { values: all[first + i], ...one }; });
      known += some.length;
      told(known);
      if (known === all.length) done(found);
    };
    const inPage = () => {
      if (mine !== latest || known === all.length) return;
      const until = performance.now() + SLICE, some = [], first = known;
      while (first + some.length < all.length && performance.now() < until) some.push(respond(lab, on, all[first + some.length], ...what));
      keep(first, some);
      setTimeout(inPage);
    };
    start();
    if (broken) { inPage(); return; }
    const ask = (worker) => {
      if (next >= all.length) return;
      const first = next, values = all.slice(first, first + PATIENTS_AT_ONCE);
      next += values.length;
      worker.postMessage({ run: mine, k, data: worker.known.has(k) ? null : PAGE.labs[k], on, what, first, values });
      worker.known.add(k);
    };
    workers.forEach((worker) => {
      worker.onmessage = ({ data }) => {
        if (data.run !== latest) return;
        ask(worker);
        keep(data.first, data.found);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        if (broken) return;
        broken = true;
        workers.forEach((one) => one.terminate());
        known = 0;
        if (mine === latest) inPage();
      };
      ask(worker);
    });
  }
  return { start, run, stop: () => { latest++; }, size: () => (broken || !workers ? 0 : workers.length) };
}
