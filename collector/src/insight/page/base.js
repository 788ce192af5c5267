"use strict";
// What every part of the page needs. Texts of the log go into the page as text only, never as HTML.

const report = JSON.parse(document.getElementById("report").textContent);
const SEVERITIES = ["error", "unspecified", "warning", "notice", "info"];
// What turns the reading direction round would do so with the text behind it.
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;
const PROBLEMS = new Set(["error", "unspecified", "warning"]);

function put(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === "") continue;
    node.append(typeof child === "string" ? child.replace(TURNING, "") : child);
  }
  return node;
}
const el = (name, attributes, ...children) => put(document.createElement(name), attributes, children);
const svg = (name, attributes, ...children) =>
  put(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

const numbers = new Intl.NumberFormat("en");
const grouped = (n) => numbers.format(n);
const plural = (n, one, several) => `${grouped(n)} ${n === 1 ? one : several}`;
function percent(share) {
  const of = share * 100;
  if (of === 0 || of === 100) return `${of} %`;
  if (of < 0.1) return "< 0.1 %";
  if (of > 99.9 && of < 100) return "> 99.9 %";
  return `${of.toFixed(of < 10 || (of > 99 && of < 100) ? 1 : 0)} %`;
}
function lasted(seconds) {
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.round(minutes / 1440)} days`;
}

// Times are those of the shop, whatever machine this is. Not every browser knows zones that are offsets.
const offset = /^([+-])(\d\d):(\d\d)$/.exec(report.period.time_zone);
const shift = offset ? (offset[1] === "-" ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) * 60000 : 0;
function format(options) {
  const formatter = new Intl.DateTimeFormat("en-GB", { timeZone: offset ? "UTC" : report.period.time_zone, ...options });
  return (time) => formatter.format(new Date(Date.parse(time) + shift)).replaceAll(",", "");
}
const dayOf = format({ weekday: "short", day: "numeric", month: "short" });
const clockOf = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const shortDay = format({ day: "numeric", month: "short" });
const yearOf = format({ day: "numeric", month: "short", year: "numeric" });
const moment = (time) => `${dayOf(time)} ${clockOf(time)}`;
const until = (end, start) => (dayOf(end) === dayOf(start) ? clockOf(end) : moment(end));
const seconds = (a, b) => (Date.parse(b) - Date.parse(a)) / 1000;

const storeName = (number) => report.stores[number];
// As its people call it, where the configuration says how.
const storeShown = (number) => report.labels[number]?.name ? `${report.labels[number].name} (${storeName(number)})` : storeName(number);
const words = (text) => String(text).replaceAll("_", " ");

// A template: what varies is marked.
function said(template) {
  if (!template) return el("span", { class: "said soft" }, "(no summary)");
  const parts = template.split(/(\*|…)/).filter((part) => part !== "");
  return el("span", { class: "said" }, parts.map((part) => (part === "*" || part === "…" ? el("i", null, part) : part)));
}

// The search that lists what a line counts.
const command = (query) => `storelogs search '${query.replaceAll("'", "'\\''")}'`;
function magnifier() {
  return svg("svg", { viewBox: "0 0 16 16", fill: "none", stroke: "currentColor", "stroke-width": 1.6, "aria-hidden": "true" },
    svg("circle", { cx: 6.7, cy: 6.7, r: 4.6 }), svg("path", { d: "M10.2 10.2 14.4 14.4", "stroke-linecap": "round" }));
}
function search(query, label) {
  if (!query) return null;
  const attributes = { type: "button", class: label ? "search labelled" : "search", title: command(query), onclick: () => show(query) };
  if (!label) attributes["aria-label"] = "Show the search that lists these entries";
  const button = el("button", attributes, magnifier(), label);
  const entries = entriesOf(query);
  return entries ? el("span", { class: "behind-it" }, entries, button) : button;
}
function show(query) {
  const drawer = document.getElementById("drawer");
  const text = el("pre", { tabindex: 0 }, command(query));
  const copy = el("button", { type: "button", class: "tool" }, "Copy");
  copy.addEventListener("click", () => toClipboard(text, copy));
  const back = document.activeElement;
  const close = () => { drawer.hidden = true; if (back) back.focus(); };
  const shut = el("button", { type: "button", class: "tool", onclick: close }, "Close");
  drawer.replaceChildren(el("div", null, text, copy, shut));
  drawer.onkeydown = (event) => { if (event.key === "Escape") close(); };
  drawer.hidden = false;
  copy.focus();
}
async function toClipboard(text, button) {
  try {
    await navigator.clipboard.writeText(text.textContent);
  } catch {
    getSelection().selectAllChildren(text); // where a page may not write, at least it is selected
    document.execCommand("copy");
  }
  button.textContent = "Copied";
}

// Tooltips.
const tip = () => document.getElementById("tip");
function tipAt(target, ...content) {
  const box = tip();
  box.replaceChildren(...content);
  box.hidden = false;
  const on = target.getBoundingClientRect(), size = box.getBoundingClientRect();
  const left = Math.min(Math.max(8, on.left + on.width / 2 - size.width / 2), innerWidth - size.width - 8);
  const above = on.top - size.height - 8;
  box.style.left = `${left + scrollX}px`;
  box.style.top = `${(above > 4 ? above : on.bottom + 8) + scrollY}px`;
}
const tipAway = () => { tip().hidden = true; };

// What a section says that has nothing to show, as far as the period is known.
const absence = (id) => document.getElementById(id).dataset.absence;

// A table that is sorted by its heads. columns: {name, cell, value, number, lead, tight}; options: detail makes a row that
// opens, limit is how many rows are shown until all are asked for.
const sorted = new Map(), whole = new Set();
function table(id, columns, rows, options = {}) {
  if (!rows.length) return el("p", { class: "empty" }, options.empty || absence("activity"));
  const at = sorted.get(id) || options.sort || null;
  const order = rows.slice();
  if (at) {
    const value = columns[at.column].value;
    order.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      const by = typeof x === "string" ? x.localeCompare(y) : x - y;
      return at.down ? -by : by;
    });
  }
  const head = columns.map((column, number) => {
    const here = at && at.column === number;
    const sort = column.value && {
      type: "button",
      onclick: () => {
        sorted.set(id, { column: number, down: here ? !at.down : Boolean(column.number) });
        const made = table(id, columns, rows, options);
        node.replaceWith(made);
        made.querySelectorAll("thead th")[number].querySelector("button").focus();
      },
    };
    return el("th", { scope: "col", class: column.number ? "number" : null, "aria-sort": here ? (at.down ? "descending" : "ascending") : null },
      sort ? el("button", sort, column.name) : column.name);
  });
  const limit = options.limit && !whole.has(id) && rows.length > options.limit + 1 ? options.limit : rows.length;
  const body = el("tbody");
  for (const row of order.slice(0, limit)) {
    const cells = columns.map((column) => {
      const classes = [column.number && "number", column.lead && "lead-cell", column.tight && "tight", column.go && "go"].filter(Boolean).join(" ");
      return el("td", { class: classes || null, "data-label": column.lead ? null : column.name || null }, column.cell(row));
    });
    const line = el("tr", null, cells);
    body.append(line);
    if (options.detail) {
      const more = el("tr", { class: "detail", hidden: true }, el("td", { colspan: columns.length }));
      const button = line.querySelector(".disclose");
      const toggle = (open) => {
        if (open && !more.firstChild.hasChildNodes()) more.firstChild.append(...options.detail(row).filter(Boolean));
        more.hidden = !open;
        button.setAttribute("aria-expanded", String(open));
      };
      button.addEventListener("click", () => toggle(more.hidden));
      button.addEventListener("page:print", () => toggle(true));
      body.append(more);
    }
  }
  const all = limit < rows.length && el("button", { type: "button", class: "tool all", onclick: () => {
    whole.add(id);
    const made = table(id, columns, rows, options);
    node.replaceWith(made);
    made.querySelector("thead button").focus();
  } }, `All ${rows.length}`);
  const node = el("div", { class: "wide" }, el("table", { class: options.cards === false ? null : "cards" },
    options.caption ? el("caption", null, options.caption) : null, el("thead", null, el("tr", null, head)), body), all || null);
  return node;
}
