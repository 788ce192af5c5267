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
  const { of, list } = behind.figures[query];
  const name = of === 1 ? "entry" : "entries";
  const button = el("button", { type: "button", class: "entries", "aria-expanded": "false", "aria-label": `Show ${of === 1 ? "the" : grouped(of)} ${name}` }, name);
  let node = null;
  button.addEventListener("click", () => {
    node ??= below(button, [
      of > list.length ? el("p", { class: "soft small" }, `The newest ${grouped(list.length)} of ${grouped(of)}; the other ${grouped(of - list.length)} ${of - list.length === 1 ? "is" : "are"} not in this page.`) : null,
      entryList(list.map((at) => behind.list[at]))]);
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
  (button.closest("p, .change, .foot") ?? button.parentElement).after(node);
  return node;
}
