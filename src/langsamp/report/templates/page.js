"use strict";
// Without this script the page is complete: every table is there in full. It adds sorting and finding, nothing else.
(() => {
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const key = (row, column, numeric) => {
    const cell = row.cells[column];
    const text = cell.dataset.v ?? cell.textContent.trim();
    return numeric ? text.replace("−", "-").replace(/[,%+\s]/g, "") : text; // 1,234 and 12.3 % and −0.3 are numbers
  };

  function sort(table, column, descending) {
    const body = table.tBodies[0];
    const numeric = table.tHead.rows[0].cells[column].classList.contains("n");
    const absent = (value) => value === "" || value === "–";
    const rows = [...body.rows].map((row) => [key(row, column, numeric), row]);
    rows.sort(([a], [b]) => {
      if (absent(a) || absent(b)) return absent(a) - absent(b); // what is absent stays last either way
      const order = numeric ? a - b : a.localeCompare(b, "en");
      return descending ? -order : order;
    });
    body.append(...rows.map(([, row]) => row));
    [...table.tHead.rows[0].cells].forEach((cell, index) => {
      if (index === column) cell.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
  }

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...cell.childNodes);
      cell.append(button);
      button.addEventListener("click", () => {
        const now = cell.getAttribute("aria-sort");
        const first = cell.classList.contains("n"); // numbers are first asked for from the top
        sort(table, column, now === null ? first : now === "ascending");
      });
    });
  }

  const form = document.querySelector(".find");
  const input = form.querySelector("input");
  const output = form.querySelector("output");
  const words = new Map(); // of a tag: the first table says them, the others are found by them too
  const rows = [...document.querySelectorAll("table[data-searchable] tbody tr")].map((row) => {
    const [name, code] = [row.cells[0].textContent, row.cells[1].textContent];
    if (row.dataset.q && !words.has(code)) words.set(code, row.dataset.q);
    return [row, plain(`${row.dataset.q ?? words.get(code) ?? ""} ${name} ${code}`), row.closest("table")];
  });
  const main = document.querySelector("table[data-searchable]");

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
    const match = /^#q=(.*)$/.exec(location.hash);
    if (!match) return;
    try {
      input.value = decodeURIComponent(match[1]);
    } catch {
      input.value = match[1];
    }
    find();
    document.getElementById("languages").scrollIntoView({ behavior: "instant" });
  }

  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));

  if (main) {
    form.hidden = false;
    input.addEventListener("input", find);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      history.replaceState(null, "", input.value ? `#q=${encodeURIComponent(input.value)}` : "#languages");
      document.getElementById("languages").scrollIntoView();
    });
    addEventListener("hashchange", fromAddress);
    fromAddress();
  }
})();
