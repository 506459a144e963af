"use strict";
(() => {
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const at = (id) => document.getElementById(id);
  const root = document.documentElement;
  const findings = all(".finding");
  const groups = at("groups");
  const search = at("search");
  const status = at("status");
  let here = null;

  for (const one of all(".tools, .controls")) one.hidden = false;

  const themes = ["", "light", "dark"];
  const names = ["as the system", "light", "dark"];
  const showTheme = (index) => {
    if (themes[index]) root.dataset.theme = themes[index];
    else delete root.dataset.theme;
    at("theme").setAttribute("aria-label", "Theme: " + names[index]);
    at("theme").textContent = "Theme: " + names[index];
  };
  const theme = () => showTheme((themes.indexOf(root.dataset.theme || "") + 1) % themes.length);
  showTheme(0);
  at("theme").addEventListener("click", theme);

  const keys = at("keys");
  at("help").addEventListener("click", () => keys.showModal());

  if (!groups) return;

  const text = new Map(findings.map((one) => [one, one.textContent.toLowerCase()]));
  const visible = () => all(".finding").filter((one) => !one.hidden && !one.parentElement.hidden);

  const group = (by) => {
    const found = new Map();
    for (const one of findings) {
      const key = one.dataset[by];
      if (!found.has(key)) found.set(key, []);
      found.get(key).push(one);
    }
    const fresh = document.createDocumentFragment();
    for (const [key, members] of found) {
      const section = document.createElement("section");
      section.className = "group";
      const head = document.createElement("h3");
      const title = document.createElement("span");
      title.className = "title";
      title.textContent = key;
      const count = document.createElement("span");
      count.className = "n";
      head.append(title, " ", count);
      section.append(head, ...members);
      fresh.append(section);
    }
    groups.replaceChildren(fresh);
    filter();
  };

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const section of groups.children) {
      let count = 0;
      for (const one of section.querySelectorAll(".finding")) {
        one.hidden = !words.every((word) => text.get(one).includes(word));
        if (!one.hidden) count += 1;
      }
      section.hidden = !count;
      section.querySelector(".n").textContent = String(count);
      shown += count;
    }
    status.textContent = words.length ? shown + " of " + findings.length + " findings" : "";
  };

  const go = (step) => {
    const those = visible();
    if (!those.length) return;
    const index = those.indexOf(here);
    const next = those[Math.min(Math.max(index < 0 ? (step > 0 ? 0 : those.length - 1) : index + step, 0), those.length - 1)];
    if (here) here.classList.remove("here");
    here = next;
    here.classList.add("here");
    here.querySelector("summary").focus({ preventScroll: true });
    here.scrollIntoView({ block: "nearest" });
  };

  const fold = (open) => { for (const one of visible()) one.open = open; };
  const groupBy = (by) => {
    document.querySelector(`input[name="group"][value="${by}"]`).checked = true;
    group(by);
  };

  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 80); });
  for (const one of all('input[name="group"]')) one.addEventListener("change", () => group(one.value));
  at("unfold").addEventListener("click", () => fold(true));
  at("fold").addEventListener("click", () => fold(false));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
    if (event.target === search) {
      if (event.key === "Escape") { search.value = ""; filter(); search.blur(); }
      return;
    }
    const what = {
      "/": () => search.focus(), j: () => go(1), k: () => go(-1), e: () => fold(true), c: () => fold(false),
      1: () => groupBy("rule"), 2: () => groupBy("file"), 3: () => groupBy("root"), t: theme, "?": () => keys.showModal(),
    }[event.key];
    if (what) { event.preventDefault(); what(); }
  });

  const open = () => {
    const one = location.hash && document.getElementById(location.hash.slice(1));
    if (one && one.matches("details")) one.open = true;
  };
  addEventListener("hashchange", open);
  open();

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of folded) one.open = false; });
})();
