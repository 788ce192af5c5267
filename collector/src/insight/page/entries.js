// The entries behind the figures, listed where a figure stands.

const behind = JSON.parse(document.getElementById("entries").textContent);

function entryLine(entry) {
  const message = entry.message && !entry.reason?.includes(entry.message) ? entry.message : null;
  return el("li", null,
    el("div", { class: "entry-head" }, el("time", { datetime: entry.time }, moment(entry.time)), el("span", { class: `severity of-${entry.severity}` }, entry.severity),
      report.stores.length > 1 ? el("span", { class: "soft" }, storeShown(entry.store)) : null, entry.actor ? el("span", { class: "soft" }, entry.actor) : null),
    entry.reason ? el("div", null, el("strong", null, entry.reason)) : null,
    entry.summary ? el("div", null, entry.summary) : null,
    message ? el("details", null, el("summary", null, "message"), el("pre", null, message)) : null);
}

function entryList(entries) {
  return el("ul", { class: "entry-list" }, entries.map(entryLine));
}

// The button that lists the entries of a figure below it; null where the page has none of them.
function entriesOf(query) {
  if (!Object.hasOwn(behind.figures, query)) return null;
  const { of, list } = behind.figures[query], left = of - list.length;
  return entriesButton(of, list.map((at) => behind.list[at]),
    left > 0 && `The newest ${grouped(list.length)} of ${grouped(of)}; the other ${grouped(left)} ${left === 1 ? "is" : "are"} not in this page.`);
}

// The same of a bar, of whose entries the page has those that other figures have too.
const MOST_OF_BAR = 50;
function entriesOfBar(of, list) {
  if (!list.length) return null;
  const newest = list.sort((a, b) => Date.parse(b.time) - Date.parse(a.time)).slice(0, MOST_OF_BAR);
  const only = newest.length < list.length ? `, here are the newest ${MOST_OF_BAR}` : "";
  return entriesButton(of, newest, newest.length < of && `This page has ${grouped(list.length)} of ${grouped(of)}${only}.`);
}

function entriesButton(of, list, note) {
  const name = of === 1 ? "entry" : "entries";
  const button = el("button", { type: "button", class: "entries", "aria-expanded": "false", "aria-label": `Show ${of === 1 ? "the" : grouped(of)} ${name}` }, name);
  let node = null;
  button.addEventListener("click", () => {
    node ??= below(button, [
      note ? el("p", { class: "soft small" }, note) : null, entryList(list)]);
    const open = button.getAttribute("aria-expanded") === "true";
    node.hidden = open;
    button.setAttribute("aria-expanded", String(!open));
  });
  return button;
}

// Puts content below the row or the paragraph of a button.
function below(button, content) {
  const row = button.closest("tr");
  if (row && !row.classList.contains("detail")) {
    let last = row;
    while (last.nextElementSibling?.classList.contains("detail")) last = last.nextElementSibling;
    const node = el("tr", { class: "detail behind" }, el("td", { colspan: row.children.length }, content));
    last.after(node);
    return node;
  }
  const node = el("div", { class: "behind" }, content);
  (button.closest("p, .change, .foot, .trace") ?? button.parentElement).after(node);
  return node;
}
