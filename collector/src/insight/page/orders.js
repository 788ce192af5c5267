// The orders that problems name, and the same as a file for spreadsheets: what `storelogs report -o orders.csv` writes.

const COLUMNS = ["store", "order", "customer", "problems", "first", "last", "says", "reason", "came_through", "success", "search", "amount", "currency"];

// A spreadsheet takes for a formula what begins like one, and keeps 15 digits of a number.
const FORMULA = /^[\t\r\n]|^\p{White_Space}*[=+\-@\uff1d\uff0b\uff0d\uff20]/u;
const NUMBER = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]*\d+))?$/;
function isSpoilt(text) {
  const found = NUMBER.exec(text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, ""));
  if (!found) return false;
  const [, whole, part, exponent] = found;
  return exponent !== undefined || whole.length + (part ?? "").length > 15 || (whole.length > 1 && whole.startsWith("0"));
}
const guarded = (text) => (FORMULA.test(text) || isSpoilt(text) ? `'${text}` : text);
const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function csvOf(orders) {
  const rows = orders.map((one) => [storeName(one.store), guarded(one.order), guarded(one.customer ?? ""), String(one.entries), one.first, one.last,
    guarded(one.summary ?? ""), guarded(one.reason ?? ""), one.came_through?.time ?? "", guarded(one.came_through?.summary ?? ""), command(one.query), one.amount?.value ?? "", one.amount?.currency ?? ""]);
  return [COLUMNS, ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
}

function saveOrders(orders) {
  const address = URL.createObjectURL(new Blob([csvOf(orders)], { type: "text/csv;charset=utf-8" }));
  el("a", { href: address, download: "orders.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

function ordersTable(id, orders) {
  return table(id, [
    { name: "order", lead: true, value: (one) => one.order, cell: (one) => [el("strong", null, one.order), " ", el("span", { class: "soft small" }, one.customer ?? "")] },
    { name: "why", value: (one) => one.reason ?? one.summary ?? "", cell: (one) => el("span", { class: "small" }, one.reason ?? one.summary ?? "") },
    { name: "problems", number: true, value: (one) => one.entries, cell: (one) => grouped(one.entries) },
    { name: "the last", number: true, value: (one) => Date.parse(one.last), cell: (one) => moment(one.last) },
    { name: "came through", number: true, value: (one) => (one.came_through ? Date.parse(one.came_through.time) : 0), cell: (one) => (one.came_through ? [el("span", { class: "badge good" }, until(one.came_through.time, one.last)), " ", search(one.came_through.query)] : "") },
    { name: "", tight: true, go: true, cell: (one) => search(one.query) },
  ], orders, { limit: 9 });
}
