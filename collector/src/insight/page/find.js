// Finds the entries and orders of the page that have all of some words, while they are typed.

const MOST_FOUND = 50;
const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
let texts = null;

// The words of each entry, the newest first, and of each order.
function searched() {
  const of = (parts) => folded(parts.filter(Boolean).join(" ").replace(TURNING, ""));
  texts ??= {
    entries: behind.list.slice().sort((a, b) => Date.parse(b.time) - Date.parse(a.time)).map((entry) => [entry,
      of([moment(entry.time), entry.severity, storeShown(entry.store), entry.actor, entry.reason, entry.summary, entry.message])]),
    orders: report.orders.list.map((one) => [one, of(["order", one.order, one.customer, storeShown(one.store), one.reason, one.summary, moment(one.last)])]),
  };
  return texts;
}

function find(typed) {
  const wanted = folded(typed).split(/\s+/).filter(Boolean);
  const count = document.getElementById("find-count"), box = document.getElementById("found");
  const amounts = (entries, orders) => `${plural(entries, "entry", "entries")} and ${plural(orders, "order", "orders")}`;
  if (!wanted.length) {
    count.textContent = `This page has ${amounts(behind.list.length, report.orders.list.length)}: the newest behind its figures, and not all of the logs.`;
    box.replaceChildren();
    return;
  }
  const has = ([, text]) => wanted.every((word) => text.includes(word));
  const [entries, orders] = [searched().entries, searched().orders].map((all) => all.filter(has).map(([one]) => one));
  count.textContent = `${amounts(entries.length, orders.length)} of this page ${entries.length + orders.length === 1 ? "has" : "have"} ${wanted.length === 1 ? "that word" : "all of these words"}.`;
  box.replaceChildren(...(orders.length ? [el("h3", null, "Orders"), ordersTable("found-orders", orders)] : []),
    ...(entries.length ? [el("h3", null, "Entries"), entryList(entries.slice(0, MOST_FOUND))] : []));
  if (entries.length > MOST_FOUND) {
    const all = el("button", { type: "button", class: "tool all" }, `All ${grouped(entries.length)}`);
    all.addEventListener("click", () => {
      const rest = entryList(entries.slice(MOST_FOUND));
      rest.tabIndex = -1;
      all.replaceWith(rest);
      rest.focus();
    });
    box.append(all);
  }
}
