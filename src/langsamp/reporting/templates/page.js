"use strict";
// Without this script the page is complete: every table is there in full. It adds sorting, finding, choosing, copying.
(() => {
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (name, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  };
  const heads = (table) => [...table.tHead.rows[table.tHead.rows.length - 1].cells];

  // What was chosen stands behind the # of the address, so that a view can be passed on.
  const state = () => (location.hash.includes("=") ? new URLSearchParams(location.hash.slice(1)) : new URLSearchParams());
  function remember(changes) {
    const now = state();
    for (const [key, value] of Object.entries(changes)) value ? now.set(key, value) : now.delete(key);
    const text = now.toString().replace(/\+/g, "%20");
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  }

  // Sorting
  const absent = (value) => value === "" || value === "–";
  const key = (row, column, numeric) => {
    const cell = row.cells[column];
    const text = cell.dataset.v ?? cell.textContent.trim();
    return numeric ? text.replace("−", "-").replace(/[,%+\s]/g, "") : text; // 1,234 and 12.3 % and −0.3 are numbers
  };
  function sort(table, column, descending) {
    const numeric = heads(table)[column].classList.contains("n");
    const rows = [...table.tBodies[0].rows].map((row) => [key(row, column, numeric), row]);
    rows.sort(([a], [b]) => {
      if (absent(a) || absent(b)) return absent(a) - absent(b); // what is absent stays last either way
      const order = numeric ? a - b : a.localeCompare(b, "en");
      return descending ? -order : order;
    });
    table.tBodies[0].append(...rows.map(([, row]) => row));
    heads(table).forEach((cell, index) => {
      if (index === column) cell.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
  }
  for (const table of all("table[data-sortable]")) {
    heads(table).forEach((cell, column) => {
      const button = make("button", { type: "button" }, ...cell.childNodes);
      cell.append(button);
      button.addEventListener("click", () => {
        const now = cell.getAttribute("aria-sort");
        const first = cell.classList.contains("n"); // numbers are first asked for from the top
        sort(table, column, now === null ? first : now === "ascending");
      });
    });
  }

  // Groupings: one at a time on the screen, all of them on paper
  const grouping = (body) => body.dataset.by.replace("By ", "");
  const groupings = [...new Set(all("tbody[data-by]").map(grouping))];
  const switches = new Map();
  function group(by) {
    for (const body of all("tbody[data-by]")) body.classList.toggle("aside", by !== "all" && grouping(body) !== by);
    for (const [name, radio] of switches) radio.checked = name === by;
  }
  if (groupings.length) {
    const bar = make("fieldset", { className: "choice" }, make("legend", { textContent: "Groups of languages by" }));
    for (const by of [...groupings, "all"]) {
      const radio = make("input", { type: "radio", name: "by", value: by });
      radio.addEventListener("change", () => { group(by); remember({ by: by === groupings[0] ? "" : by }); });
      switches.set(by, radio);
      bar.append(make("label", {}, radio, by));
    }
    document.querySelector("#scores h2").after(bar);
  }

  // Two sides of many, in the table of all languages
  const main = document.getElementById("every-language");
  const choices = document.getElementById("choices");
  const pair = choices && choosePair(main, JSON.parse(choices.textContent));
  function choosePair(table, { sides: named, baselines, scores }) {
    const columns = []; // of each task the sides, each with its difference to the baseline behind it
    let [start, task, side] = [0, -1, ""];
    for (const over of table.tHead.rows[0].cells) {
      if (over.matches(".over")) task += 1;
      for (let index = start; index < start + over.colSpan && task >= 0; index += 1) {
        const cell = heads(table)[index];
        const here = named[cell.textContent];
        if (here) side = here;
        columns.push(here ? { cell, index, task, side } : { cell, index, task, of: side });
      }
      start += over.colSpan;
    }
    const names = Object.entries(named);
    const sides = names.map(([, key]) => key);
    const name = new Map(names.map(([text, key]) => [key, text]));
    const compared = columns.find((c) => c.of);
    const first = { a: compared ? baselines[compared.task] : sides[0], b: compared ? compared.of : sides[1] };
    const spans = all("thead .over", table);
    const picks = ["a", "b"].map((which) => make("select", { name: which },
      ...sides.map((side) => make("option", { value: side, textContent: name.get(side) }))));
    const everything = make("button", { type: "button", textContent: "Show all models" });
    const signed = (points) => (Math.abs(points) < 0.05 ? "0.0" : points.toFixed(1).replace("-", "−").replace(/^(?!−)/, "+"));
    const original = new Map(); // of a changed cell: what the file says

    function put(cell, text, tone) {
      if (!original.has(cell)) original.set(cell, [cell.textContent, cell.className]);
      cell.textContent = text;
      cell.className = tone && `delta ${tone}`;
    }
    function show(a, b) {
      for (const [cell, [text, className]] of original) Object.assign(cell, { textContent: text, className });
      original.clear();
      const tasks = new Set(columns.map((c) => c.task));
      const away = new Set();
      for (const task of a ? tasks : []) {
        const here = columns.filter((c) => c.task === task);
        const order = here.filter((c) => c.side).map((c) => c.side);
        const difference = here.find((c) => c.of);
        for (const c of here) if (c !== difference && c.side !== a && c.side !== b) away.add(c.index);
        const both = order.includes(a) && order.includes(b);
        if (difference && !both) away.add(difference.index);
        if (!difference || !both) continue;
        for (const row of table.tBodies[0].rows) {
          const values = scores[row.id]?.[task] ?? [];
          const [one, other] = [values[order.indexOf(a)], values[order.indexOf(b)]];
          const points = one == null || other == null ? null : other - one;
          const tone = points === null || Math.abs(points) < 0.05 ? "" : points > 0 ? "better" : "worse";
          put(row.cells[difference.index], points === null ? "–" : signed(points), tone);
        }
      }
      for (const row of [table.tHead.rows[table.tHead.rows.length - 1], ...table.tBodies[0].rows]) {
        for (const c of columns) row.cells[c.index].classList.toggle("away", away.has(c.index));
      }
      spans.forEach((cell, number) => {
        const left = columns.filter((c) => c.task === number && !away.has(c.index)).length;
        cell.colSpan = Math.max(1, left);
        cell.classList.toggle("away", left === 0);
      });
      if (a) [picks[0].value, picks[1].value] = [a, b];
      everything.setAttribute("aria-pressed", String(!a));
    }
    const chosen = () => {
      show(picks[0].value, picks[1].value);
      remember({ a: picks[0].value, b: picks[1].value });
    };
    picks.forEach((pick) => pick.addEventListener("change", chosen));
    everything.addEventListener("click", () => {
      const wasAll = everything.getAttribute("aria-pressed") === "true";
      if (wasAll) chosen();
      else { show(); remember({ a: "", b: "" }); }
    });
    const bar = make("div", { className: "choice" }, make("label", {}, "Compare ", picks[1]),
      make("label", {}, " with ", picks[0]), everything);
    table.closest(".scroll").before(bar);
    return { show, first, knows: (side) => sides.includes(side) };
  }

  // LaTeX of a table as it is shown
  const special = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "±": "$\\pm$",
    "−": "$-$", "–": "--", "†": "$^\\dagger$", "<": "$<$", ">": "$>$", "|": "$|$", "✓": "\\checkmark{}" };
  const gone = (node) => node.classList.contains("aside") || node.classList.contains("away");
  const tex = (cell) => (cell.innerText ?? cell.textContent).trim().replace(/\s+/g, " ")
    .replace(/[\\~^±−–†<>|✓&%$#_{}]/g, (sign) => special[sign] ?? `\\${sign}`);
  function latex(table) {
    const shown = (row) => [...row.cells].filter((cell) => !gone(cell));
    const line = (row) => shown(row).map((cell) =>
      cell.colSpan > 1 ? `\\multicolumn{${cell.colSpan}}{l}{${tex(cell)}}` : tex(cell)).join(" & ") + " \\\\";
    const columns = heads(table).filter((cell) => !gone(cell));
    const bodies = [...table.tBodies].filter((body) => !gone(body));
    return ["% \\usepackage{booktabs}", "\\begin{table}", "\\centering\\small",
      `\\begin{tabular}{${columns.map((cell) => (cell.classList.contains("n") ? "r" : "l")).join("")}}`, "\\toprule",
      ...[...table.tHead.rows].map(line), ...bodies.flatMap((body) => ["\\midrule", ...[...body.rows].filter((row) => !row.hidden).map(line)]),
      "\\bottomrule", "\\end{tabular}", `\\caption{${tex(table.caption)}}`, "\\end{table}", ""].join("\n");
  }
  for (const table of all("table.data")) {
    const button = make("button", { type: "button", className: "copy", textContent: "Copy LaTeX" });
    const said = make("output", { className: "copied" });
    const copied = () => { said.textContent = "Copied"; setTimeout(() => { said.textContent = ""; }, 2000); };
    button.addEventListener("click", () => {
      const text = latex(table);
      const byHand = () => { // where the browser lets no page write to the clipboard
        const area = make("textarea", { value: text, rows: 8, readOnly: true });
        area.setAttribute("aria-label", "LaTeX of the table: copy it from here");
        said.replaceChildren("Copy it from here:", area);
        area.select();
      };
      if (navigator.clipboard) navigator.clipboard.writeText(text).then(copied, byHand);
      else byHand();
    });
    table.closest(".scroll").after(make("p", { className: "tools" }, button, said));
  }

  // Finding
  const form = document.querySelector(".find");
  const input = form.querySelector("input");
  const output = form.querySelector("output");
  // of a tag: the table of every language says them, the others are found by them too
  const words = new Map(all("#every-language tr[data-q]").map((row) => [row.id, row.dataset.q]));
  const rows = all("table[data-searchable] tbody tr").map((row) => {
    const [name, code] = [row.cells[0].textContent, row.cells[1].textContent];
    return [row, plain(`${words.get(code) ?? row.dataset.q ?? ""} ${name} ${code}`), row.closest("table")];
  });
  function find() {
    const wanted = plain(input.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [row, text, table] of rows) {
      row.hidden = !wanted.every((word) => text.includes(word));
      if (!row.hidden && table === main) shown += 1;
    }
    output.textContent = wanted.length ? `${shown} found` : "";
  }

  function fromAddress() {
    const now = state();
    group(groupings.includes(now.get("by")) || now.get("by") === "all" ? now.get("by") : groupings[0]);
    if (pair) {
      const [a, b] = ["a", "b"].map((which) => (pair.knows(now.get(which)) ? now.get(which) : pair.first[which]));
      pair.show(a, b);
    }
    const target = location.hash.length > 1 && !location.hash.includes("=")
      ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    if (now.has("q") || target?.hidden) { // a permalink to a language shows it, whatever was looked for before
      input.value = now.get("q") ?? "";
      find();
      (target ?? document.getElementById("languages")).scrollIntoView({ behavior: "instant" });
    }
  }

  addEventListener("beforeprint", () => all("details").forEach((part) => { part.open = true; }));
  if (main) {
    form.hidden = false;
    input.addEventListener("input", find);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      remember({ q: input.value });
      document.getElementById("languages").scrollIntoView();
    });
  }
  addEventListener("hashchange", fromAddress);
  fromAddress();
})();
