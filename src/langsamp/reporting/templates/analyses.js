"use strict";
// Without this script the page has the same as still pictures and tables. It lets a reader turn the picture of the
// vectors and ask it, walk through the layers, and filter the donors.
(() => {
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const number = (value) => value.toLocaleString("en");
  const signed = (value, digits) => value.toFixed(digits).replace(/^-(0\.?0*)$/, "$1").replace("-", "−");
  const html = (name, values = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  function vectors(data) {
    const [root, still] = [document.getElementById("map"), document.querySelector("#vectors .still")];
    const part = (selector) => root.querySelector(selector);
    const [plane, known, tip, groups, caption] = [".plane", ".known", ".tip", ".legend", "figcaption"].map(part);
    const form = part("form").elements;
    const namespace = still.querySelector("svg").namespaceURI;
    const svg = (name, values = {}, ...children) => {
      const made = document.createElementNS(namespace, name);
      for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
      made.append(...children);
      return made;
    };
    const state = { alone: null, picked: null, at: 0 };
    let points = []; // what is drawn: facts, rows, neighbours, and x, y in pixels

    const COLOURS = { family: "family", script: "script", tier: "head or tail" };
    const PLACES = { pc: "principal components", xy: "neighbours together (t-SNE)", world: "map of the world" };
    const FACTS = ["code", "name", "family", "script", "isHead", "latitude", "longitude", "tag"];

    function choose(select, entries, wanted) {
      select.replaceChildren(...entries.map(([value, label]) => html("option", { value }, label)));
      select.value = entries.some(([value]) => value === wanted) ? wanted : entries[0][0];
      select.closest("label").hidden = entries.length < 2;
    }

    function settle() { // which choices there are depends on the choices before them
      const able = (table) => data.tables[table]?.of[+form.model.value];
      choose(form.table, [["language", "languages"], ["script", "scripts"]].filter(([table]) => able(table)), form.table.value);
      const of = able(form.table.value);
      const language = form.table.value === "language";
      choose(form.colour, Object.entries(COLOURS).filter(([key]) => language || key === "script"), form.colour.value);
      const there = { pc: true, xy: "xy" in of, world: language };
      choose(form.places, Object.entries(PLACES).filter(([key]) => there[key]), form.places.value);
      const facts = data.tables[form.table.value].facts;
      document.getElementById("map-names").replaceChildren(...of.at.map((at) => html("option", { value: facts[at][1] })));
      form.find.placeholder = language ? "a language" : "a script";
      points = of.at.map((at, i) => {
        const fact = Object.fromEntries(FACTS.map((key, k) => [key, facts[at][k]]));
        const near = [];
        for (let k = 0; k < of.near[i].length; k += 2) near.push({ id: of.near[i][k], cosine: of.near[i][k + 1] / 1000 });
        const short = fact.name.replace(/ \([^)]*\)/g, "");
        return { ...fact, short, id: at, rows: of.rows[i], near, donors: of.donors?.[at] ?? [], i };
      });
      if (!points.some((point) => point.id === state.picked)) state.picked = null;
    }

    const groupOf = (point) => {
      const colour = form.colour.value;
      if (colour === "tier") return point.isHead ? "head" : "tail";
      return (colour === "script" ? point.script : point.family) ?? "";
    };
    const nameOf = (group) => data.names[form.colour.value]?.[group] ?? group;
    const markOf = (group) => data.marks[form.colour.value][group] ?? data.marks.other;
    const byId = (id) => points.find((point) => point.id === id);
    const said = (point) => {
      const facts = [`${point.name} (${point.code})`];
      if (form.table.value === "language") {
        facts.push(data.names.family[point.family] ?? "no known family", data.names.script[point.script] ?? point.script);
        facts.push(point.isHead ? "head" : "tail");
      }
      return [...facts, `${number(point.rows)} rows seen`];
    };

    function place(width, height) {
      const of = data.tables[form.table.value].of[+form.model.value];
      const [left, top, right, bottom] = [22, 14, width - 22, height - 26];
      if (form.places.value !== "world") {
        const places = of[form.places.value];
        for (const point of points) {
          point.x = left + (places[2 * point.i] / data.grid) * (right - left);
          point.y = bottom - (places[2 * point.i + 1] / data.grid) * (bottom - top);
        }
        return points;
      }
      const { west, north, scale } = state.globe;
      for (const point of points) {
        point.x = left + (point.longitude - west) * scale;
        point.y = top + (north - point.latitude) * scale;
      }
      return points.filter((point) => point.latitude !== null);
    }

    function globe(width) { // as much of the world as the languages need; a degree is as wide as it is high
      const homes = points.filter((point) => point.latitude !== null);
      const edge = (key, side, limit) => Math.max(-limit, Math.min(limit, Math[side](...homes.map((point) => point[key])) + (side === "min" ? -8 : 8)));
      const [west, east] = [edge("longitude", "min", 180), edge("longitude", "max", 180)];
      const [south, north] = [edge("latitude", "min", 90), edge("latitude", "max", 90)];
      const scale = Math.min((width - 44) / (east - west), 560 / (north - south));
      return { west, east, south, north, scale, height: Math.round((north - south) * scale) + 40 };
    }

    function ground(width, height) {
      if (form.places.value === "world") {
        const { west, east, south, north, scale } = state.globe;
        const [x, y] = [(degrees) => 22 + (degrees - west) * scale, (degrees) => 14 + (north - degrees) * scale];
        let path = "";
        for (let at = Math.ceil(west / 30) * 30; at <= east; at += 30) path += `M${x(at)} ${y(north)}V${y(south)}`;
        for (let at = Math.ceil(south / 30) * 30; at <= north; at += 30) path += `M${x(west)} ${y(at)}H${x(east)}`;
        const equator = south < 0 && north > 0 ? `M${x(west)} ${y(0)}H${x(east)}` : "";
        return [svg("path", { class: "frame", d: path }), svg("path", { class: "frame strong", d: equator })];
      }
      const frame = svg("path", { class: "frame", d: `M11 7V${height - 16}H${width - 11}` });
      if (form.places.value !== "pc") return [frame];
      const shares = data.tables[form.table.value].of[+form.model.value].shares;
      const share = (value) => (value === null ? "" : ` (${Math.round(100 * value)} %)`);
      const across = svg("text", { class: "axis", x: width - 11, y: height - 3, "text-anchor": "end" }, `first principal component${share(shares[0])}`);
      const up = svg("text", { class: "axis", x: 7, y: 7, "text-anchor": "end", transform: "rotate(-90 7 7)" }, `second principal component${share(shares[1])}`);
      return [frame, across, up];
    }

    function names(shown, first) { // where they cover no dot and no other name
      const alone = first.size > 0; // then faint dots may be written over
      const taken = shown.map(({ x, y, radius, faint }) => (alone && faint ? [0, 0, 0, 0] : [x - radius, y - radius, x + radius, y + radius]));
      const found = [];
      const order = [...shown.keys()].sort((a, b) => first.has(shown[b].id) - first.has(shown[a].id) || shown[b].rows - shown[a].rows);
      for (const at of order) {
        const point = shown[at];
        if (point.faint) continue;
        const text = point.short.length <= 16 || first.has(point.id) ? point.short : point.code;
        const [size, away] = [6.1 * text.length, point.radius + 2];
        const [right, low] = [point.x + away, away + 5.5];
        const spots = [[right, 0], [point.x - away - size, 0], [point.x - size / 2, low], [point.x - size / 2, -low], [right, low], [right, -low]];
        for (const [left, down] of alone ? spots : spots.slice(0, 2)) {
          const box = [left, point.y + down - 5.5, left + size, point.y + down + 5.5];
          const covers = ([a, b, c, d], k) => k !== at && box[0] < c && a < box[2] && box[1] < d && b < box[3];
          if (left < 2 || box[2] > state.width - 2 || taken.some(covers)) continue;
          const anchor = left >= point.x ? "start" : box[2] <= point.x ? "end" : "middle";
          const x = { start: left, middle: point.x, end: box[2] }[anchor];
          found.push(svg("text", { x: x.toFixed(1), y: (point.y + down + 3.5).toFixed(1), "text-anchor": anchor }, text));
          taken.push(box);
          break;
        }
      }
      return found;
    }

    function draw({ focus = false } = {}) {
      const width = (state.width = Math.max(260, plane.clientWidth));
      const isWorld = form.places.value === "world";
      if (isWorld) state.globe = globe(width);
      const height = isWorld ? state.globe.height : Math.round(Math.min(620, Math.max(300, width * 0.66)));
      const shown = [...place(width, height)].sort((a, b) => b.rows - a.rows); // no dot hides a smaller one
      const heaviest = Math.max(1, ...points.map((point) => point.rows));
      const [small, growth] = width < 500 ? [2.5, 5] : [3, 6.5];
      const wanted = plain(form.find.value).split(/\s+/).filter(Boolean);
      const picked = state.picked === null ? null : byId(state.picked);
      const close = new Set(picked ? [picked.id, ...picked.near.map(({ id }) => id)] : []);
      for (const point of shown) {
        const text = plain(said(point).slice(0, 3).join(" "));
        const out = state.alone !== null && state.alone !== keyOf(groupOf(point));
        point.radius = small + growth * Math.sqrt(point.rows / heaviest);
        point.faint = picked ? !close.has(point.id) : out || !wanted.every((word) => text.includes(word));
      }
      const dots = shown.map((point, k) => {
        const [colour, shape] = markOf(groupOf(point));
        return svg("path", {
          class: `dot${point.faint ? " faint" : ""}${picked === point ? " picked" : ""}`, d: data.shapes[shape], fill: colour,
          transform: `translate(${point.x.toFixed(1)} ${point.y.toFixed(1)})scale(${point.radius.toFixed(1)})`,
          role: "option", "aria-selected": picked === point, "aria-label": said(point).join(", "), tabindex: -1, "data-k": k,
        });
      });
      const links = picked === null || !shown.includes(picked) ? [] : picked.near.map(({ id }) => byId(id)).filter((other) => shown.includes(other))
        .map((other) => svg("path", { class: "link", d: `M${picked.x.toFixed(1)} ${picked.y.toFixed(1)}L${other.x.toFixed(1)} ${other.y.toFixed(1)}` }));
      const what = form.table.value === "language" ? "Languages" : "Scripts";
      const picture = svg("svg", {
        viewBox: `0 0 ${width} ${height}`, width, height, role: "listbox",
        "aria-label": `${what} of ${data.models[+form.model.value].label}: arrow keys go to the next dot, Enter shows its neighbours`,
      });
      picture.append(...ground(width, height), svg("g", {}, ...links), svg("g", {}, ...dots), svg("g", { class: "names" }, ...names(shown, close)));
      state.shown = shown;
      state.at = Math.max(0, picked ? shown.indexOf(picked) : Math.min(state.at, dots.length - 1));
      dots[state.at]?.setAttribute("tabindex", 0);
      plane.replaceChildren(picture);
      if (focus) dots[state.at]?.focus();
      tip.hidden = true;
      legend();
      caption.replaceChildren(
        html("strong", {}, `${what}: vectors of ${data.models[+form.model.value].label}.`),
        ` Click a dot, or press Enter on it, for its nearest neighbours${form.places.value === "world" ? "; places are the homes of Glottolog" : ""}.`,
      );
    }

    const keyOf = (group) => (data.marks[form.colour.value][group] ? group : "");

    function legend() {
      const counts = new Map();
      for (const point of state.shown) counts.set(keyOf(groupOf(point)), (counts.get(keyOf(groupOf(point))) ?? 0) + 1);
      const order = [...Object.keys(data.marks[form.colour.value]), ""].filter((group) => counts.has(group));
      if (form.table.value === "script") order.length = 0; // every dot has its name
      groups.replaceChildren(...order.map((group) => {
        const [colour, shape] = markOf(group);
        const mark = svg("svg", { viewBox: "-1.3 -1.3 2.6 2.6", "aria-hidden": "true" }, svg("path", { d: data.shapes[shape], fill: colour }));
        const button = html("button", { type: "button", "aria-pressed": state.alone === group }, mark, `${group ? nameOf(group) : "other"} `, html("small", {}, counts.get(group)));
        button.addEventListener("click", () => {
          [state.alone, state.picked] = [state.alone === group ? null : group, null];
          tell();
          draw();
          groups.children[order.indexOf(group)].firstChild.focus();
        });
        return html("li", {}, button);
      }));
    }

    function tell() { // what is known of the picked one, beside the picture
      const point = state.picked === null ? null : byId(state.picked);
      if (!point) {
        known.replaceChildren(html("p", { class: "dim" }, "Nothing is picked. Click a dot or find a name: its nearest neighbours, with their cosine, and its donors stand here."));
        return;
      }
      const line = (name, cosine, id) => {
        const shown = id === undefined ? html("bdi", {}, name) : html("button", { type: "button", "data-id": id }, html("bdi", {}, name));
        return html("li", {}, shown, " ", html("small", {}, cosine === null ? "" : signed(cosine, 2)));
      };
      const close = html("button", { type: "button", class: "close", "aria-label": "Show all again" }, "×");
      close.addEventListener("click", () => pick(null, true));
      const kin = (other) => form.table.value === "language" && point.family !== null && other.family === point.family;
      const near = point.near.map(({ id, cosine }) => {
        const entry = line(byId(id).name, cosine, id);
        if (kin(byId(id))) entry.classList.add("kin");
        return entry;
      });
      const parts = [close, html("h3", {}, html("bdi", {}, point.name)), html("p", { class: "dim" }, said(point).slice(1).join(", ") + ` (${point.tag ?? point.code})`)];
      parts.push(html("h4", {}, `Nearest, by cosine${near.some((entry) => entry.className) ? "; bold: same family" : ""}`), html("ol", {}, ...near));
      if (point.donors.length) {
        const donors = [];
        for (let k = 0; k < point.donors.length; k += 2) {
          const there = byId(point.donors[k]); // a tag that is not the main one of its language has no dot
          donors.push(line(there?.name ?? point.donors[k], point.donors[k + 1] === null ? null : point.donors[k + 1] / 1000, there?.id));
        }
        parts.push(html("h4", {}, "Donors"), html("ol", {}, ...donors));
      }
      known.replaceChildren(...parts);
    }

    function pick(id, focus = false) {
      if (id === null) state.at = Math.max(0, state.shown.findIndex((point) => point.id === state.picked));
      [state.picked, state.alone] = [id, null];
      tell();
      draw({ focus });
    }

    function show(dot) {
      const point = state.shown[+dot.dataset.k];
      const [name, ...facts] = said(point);
      tip.replaceChildren(html("strong", {}, html("bdi", {}, name)), html("br"), facts.join(", "));
      tip.hidden = false;
      const [at, frame, size] = [dot.getBoundingClientRect(), root.getBoundingClientRect(), tip.getBoundingClientRect()];
      const left = Math.min(Math.max(0, at.left - frame.left - size.width / 2), frame.width - size.width);
      tip.style.insetInlineStart = `${left}px`;
      tip.style.insetBlockStart = `${at.top - frame.top - size.height - 8}px`;
    }

    function step(key) { // to the nearest dot in the direction of an arrow
      const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
      const from = state.shown[state.at];
      let [best, least] = [state.at, Infinity];
      state.shown.forEach((point, k) => {
        const [along, aside] = [(point.x - from.x) * dx + (point.y - from.y) * dy, Math.abs((point.x - from.x) * dy) + Math.abs((point.y - from.y) * dx)];
        if (along > 0.5 && along + 2.5 * aside < least) [best, least] = [k, along + 2.5 * aside];
      });
      const dots = plane.querySelectorAll(".dot");
      dots[state.at].setAttribute("tabindex", -1);
      state.at = best;
      dots[best].setAttribute("tabindex", 0);
      dots[best].focus();
    }

    const dotOf = (event) => event.target.closest?.(".dot");
    plane.addEventListener("pointerover", (event) => dotOf(event) && show(dotOf(event)));
    plane.addEventListener("pointerout", () => { tip.hidden = true; });
    plane.addEventListener("focusin", (event) => dotOf(event) && show(dotOf(event)));
    plane.addEventListener("focusout", () => { tip.hidden = true; });
    plane.addEventListener("click", (event) => {
      const dot = dotOf(event);
      if (dot) pick(state.shown[+dot.dataset.k].id);
    });
    plane.addEventListener("keydown", (event) => {
      if (event.key.startsWith("Arrow")) step(event.key);
      else if (event.key === "Enter" || event.key === " ") pick(state.shown[state.at].id, true);
      else if (event.key === "Escape") pick(null, true);
      else return;
      event.preventDefault();
    });
    known.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-id]");
      if (!button) return;
      pick(+button.dataset.id);
      known.querySelector("button[data-id]")?.focus();
    });
    part("form").addEventListener("submit", (event) => {
      event.preventDefault();
      const words = plain(form.find.value).split(/\s+/).filter(Boolean);
      const found = points.filter((point) => words.every((word) => plain(said(point).slice(0, 3).join(" ")).includes(word)));
      found.sort((a, b) => a.name.length - b.name.length); // the shortest name is nearest to what was typed
      if (words.length && found.length) pick(found[0].id);
    });
    part("form").addEventListener("input", (event) => {
      if (event.target === form.find) {
        const exact = points.find((point) => plain(point.name) === plain(form.find.value.trim()));
        pick(exact ? exact.id : null);
        return;
      }
      state.alone = null;
      settle();
      tell();
      draw();
    });

    form.model.replaceChildren(...data.models.map(({ label }, k) => html("option", { value: k }, label)));
    form.model.closest("label").hidden = data.models.length < 2;
    root.hidden = false;
    still.hidden = true;
    settle();
    tell();
    draw();
    new ResizeObserver(() => { if (Math.abs(plane.clientWidth - state.width) > 1 && plane.clientWidth >= 260) draw(); }).observe(plane);
  }

  function neutrality(root, data) {
    const form = root.querySelector("form");
    const { measure, layer } = form.elements;
    const output = form.querySelector("output");
    const at = root.querySelector(".at");

    function paint(sheet, values, scale, text) {
      for (const cell of sheet.querySelectorAll("td[data-p]")) {
        const value = values[+cell.dataset.p];
        const [row, column] = [cell.parentNode.rowIndex - 1, cell.cellIndex - 1];
        cell.textContent = value === null ? "–" : text(value);
        cell.classList.toggle("up", value !== null && value >= 0);
        cell.classList.toggle("down", value !== null && value < 0);
        cell.style.setProperty("--v", `${value === null ? 0 : Math.round(Math.min(1, Math.abs(value) / scale) * 100)}%`);
        cell.title = `${data.names[row]} and ${data.names[column]}: ${value === null ? "not measured" : text(value)}`;
      }
    }

    function update() {
      const [chosen, place] = [data.measures[+measure.value], +layer.value];
      output.textContent = data.layers[place];
      layer.setAttribute("aria-valuetext", `layer ${data.layers[place]} of ${data.layers.at(-1)}`);
      at.textContent = `Layer ${data.layers[place]}, ${chosen.label[0].toLowerCase()}${chosen.label.slice(1)}.`;
      root.querySelectorAll("[data-sheet]").forEach((sheet, k) => paint(sheet, chosen.values[k][place], chosen.scale, (v) => signed(v / 1000, 2)));
      root.querySelectorAll("[data-change]").forEach((sheet, k) => {
        paint(sheet, data.change.values[k][place], data.change.scale, (v) => (Math.round(v / 10) > 0 ? "+" : "") + signed(v / 10, 0));
      });
    }

    measure.replaceChildren(...data.measures.map(({ label }, k) => html("option", { value: k }, label)));
    layer.value = data.layer;
    form.hidden = false;
    form.addEventListener("input", update);
    form.addEventListener("submit", (event) => event.preventDefault());
    update();
  }

  function filter(form) {
    const [input, output] = [form.querySelector("input"), form.querySelector("output")];
    const rows = [...document.getElementById(form.dataset.filter).tBodies[0].rows];
    const words = new Map(); // of a tag: the table of all languages has them
    for (const row of document.querySelectorAll("tr[data-q]")) words.set(row.cells[1].textContent, row.dataset.q);
    const texts = rows.map((row) => plain(`${words.get(row.cells[1].textContent) ?? ""} ${row.cells[0].textContent} ${row.cells[1].textContent}`));
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    input.addEventListener("input", () => {
      const wanted = plain(input.value).split(/\s+/).filter(Boolean);
      const found = texts.map((text) => wanted.every((word) => text.includes(word)));
      rows.forEach((row, k) => row.classList.toggle("out", !found[k]));
      output.textContent = wanted.length ? `${found.filter(Boolean).length} found` : "";
    });
  }

  const picture = document.getElementById("vector-data");
  if (picture) vectors(JSON.parse(picture.textContent));
  for (const root of document.querySelectorAll(".neutral")) neutrality(root, JSON.parse(root.querySelector("script").textContent));
  for (const form of document.querySelectorAll("form[data-filter]")) filter(form);
})();
