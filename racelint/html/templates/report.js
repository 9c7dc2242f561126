
"use strict";
(() => {
  const form = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const findings = [...document.querySelectorAll(".finding")];
  const places = [...document.querySelectorAll(".shared")];
  const files = [...document.querySelectorAll("section.file")];
  const nothing = [...document.querySelectorAll(".nothing")];
  const KEYS = ["text", "rule", "path", "evidence", "build"];

  const texts = new Map();
  function textOf(element) {
    if (!texts.has(element)) {
      texts.set(element, (element.dataset.path + " " + element.textContent).toLowerCase().replace(/\s+/g, " "));
    }
    return texts.get(element);
  }

  const isIn = (path, folder) => path === folder || path.startsWith(folder + "/");

  function says(element, words) {
    return words.every((word) => textOf(element).includes(word));
  }

  function fitsFinding(finding, wanted, words) {
    const about = finding.dataset;
    return (!wanted.rule || about.rule === wanted.rule)
      && (!wanted.path || isIn(about.path, wanted.path))
      && (!wanted.evidence || about.evidence === wanted.evidence)
      && (!wanted.build || about.build.split(" ").includes(wanted.build))
      && says(finding, words);
  }

  // A place has no rule, evidence or build of its own: it is shown with a finding about it that fits these.
  function fitsPlace(place, wanted, words) {
    const ofFindings = { ...wanted, path: "" };
    return (!wanted.path || [...place.querySelectorAll("tr[data-path]")].some((row) => isIn(row.dataset.path, wanted.path)))
      && (!(wanted.rule || wanted.evidence || wanted.build)
        || [...place.querySelectorAll(".about a")].some((link) =>
          fitsFinding(document.getElementById(link.hash.slice(1)), ofFindings, [])))
      && says(place, words);
  }

  function wantedNow() {
    return Object.fromEntries(KEYS.map((key) => [key, form.elements[key].value.trim()]));
  }

  function apply() {
    const wanted = wantedNow();
    const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
    for (const finding of findings) finding.hidden = !fitsFinding(finding, wanted, words);
    for (const place of places) place.hidden = !fitsPlace(place, wanted, words);
    for (const file of files) file.hidden = !file.querySelector(".finding:not([hidden])");
    const left = findings.filter((each) => !each.hidden).length;
    const state = places.filter((each) => !each.hidden).length;
    nothing[0].hidden = left > 0 || findings.length === 0;
    nothing[1].hidden = state > 0;
    shown.value = `${left} of ${findings.length} findings, ${state} of ${places.length} places`;
  }

  // --- what is filtered by stands in the address, so that it can be kept and sent ---

  function remember() {
    const wanted = Object.entries(wantedNow()).filter(([, value]) => value);
    const address = "#" + new URLSearchParams(wanted).toString();
    history.replaceState(null, "", wanted.length ? address : "#findings");
  }

  // An address may be older than the page, and ask for what is no choice any more.
  function choose(field, value) {
    field.value = value;
    if (field.options && field.value !== value) {
      field.add(new Option(value, value));
      field.value = value;
    }
  }

  function recall() {
    const address = location.hash.slice(1);
    if (address.includes("=")) {
      const wanted = new URLSearchParams(address);
      for (const key of KEYS) choose(form.elements[key], wanted.get(key) || "");
      apply();
      form.scrollIntoView();
    } else {
      const target = document.getElementById(address);
      if (!target || !target.matches("details")) return;
      if (target.hidden) {
        form.reset();
      }
      target.open = true;
      target.scrollIntoView();
    }
  }

  for (const happened of ["input", "change"]) form.addEventListener(happened, () => { apply(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { apply(); remember(); }));
  window.addEventListener("hashchange", recall);
  document.addEventListener("keydown", (event) => {
    const field = form.elements.text;
    if (event.key === "/" && !event.target.matches("input, select") && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      field.focus();
    } else if (event.key === "Escape" && event.target === field) {
      field.value = "";
      apply();
      remember();
    }
  });

  const blocks = [...findings, ...places];
  function openAll(open) {
    for (const block of blocks) if (!block.hidden) block.open = open;
  }
  document.getElementById("open").addEventListener("click", () => openAll(true));
  document.getElementById("close").addEventListener("click", () => openAll(false));

  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = blocks.filter((block) => !block.open && !block.hidden);
    for (const block of closed) block.open = true;
  });
  window.addEventListener("afterprint", () => { for (const block of closed) block.open = false; });

  form.hidden = false;
  apply();
  recall();
})();
