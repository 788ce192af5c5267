// The sections, made anew for what is chosen.

const chosen = { store: null, category: null, severities: new Set(SEVERITIES) };
const OTHERS = "\u0000others", NONE = "\u0000none";
const cube = report.activity.cube;
const categoryAt = (place) => (place >= cube.categories.length ? OTHERS : cube.categories[place] ?? NONE);
const storeAt = (place) => (place >= cube.stores.length ? OTHERS : cube.stores[place]);
const everything = () => chosen.store === null && chosen.category === null && chosen.severities.size === SEVERITIES.length;
const isStore = (store) => chosen.store === null || chosen.store === store;
const isCategory = (category) => chosen.category === null || chosen.category === (category ?? NONE);

function sums(cells, length) {
  const by = Object.fromEntries(SEVERITIES.map((name) => [name, new Array(length).fill(0)]));
  for (const [at, store, severity, category, entries] of cells) {
    const name = cube.severities[severity];
    if (isStore(storeAt(store)) && isCategory(categoryAt(category)) && chosen.severities.has(name)) by[name][at] += entries;
  }
  return by;
}
const total = (by) => Object.values(by).flat().reduce((a, b) => a + b, 0);

const quoted = (text) => `"${text.replaceAll("*", " ").replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
function stepQuery(severities) {
  if (chosen.store === OTHERS || chosen.category === OTHERS) return null;
  return (since, end) => {
    const parts = [];
    const names = severities.filter((name) => chosen.severities.has(name));
    if (names.length < SEVERITIES.length) parts.push(names.length === 1 ? `severity:${names[0]}` : `(${names.map((name) => `severity:${name}`).join(" OR ")})`);
    if (chosen.category === NONE) parts.push("-category:*");
    else if (chosen.category !== null) parts.push(`category:${quoted(chosen.category)}`);
    if (chosen.store !== null) parts.push(`store:${storeName(chosen.store)}`);
    else if (report.scope.length) parts.push(report.scope.length === 1 ? `store:${report.scope[0]}` : `(${report.scope.map((store) => `store:${store}`).join(" OR ")})`);
    return [...parts, `since:${since}`, `until:${end}`].join(" ");
  };
}

// The entries of a bar that the page has.
const stepEntries = (severities) => (since, end) => behind.list.filter((entry) =>
  Date.parse(entry.time) >= Date.parse(since) && Date.parse(entry.time) < Date.parse(end) && severities.includes(entry.severity) && chosen.severities.has(entry.severity) &&
  isStore(cube.stores.includes(entry.store) ? entry.store : OTHERS) && isCategory(categoryAt(entry.category)));

const level = (severity) => ({ error: 4, unspecified: 3, warning: 2, notice: 1, info: 0 })[severity];
function compared(count, fewerIsGood) {
  if (count.before === null || count.before === undefined) return null;
  if (!count.before) return el("span", { class: "soft" }, count.now ? "none before" : "");
  const change = count.now / count.before - 1;
  const text = Math.abs(change) < 0.005 ? "± 0 %" : `${change > 0 ? "+" : "−"} ${percent(Math.abs(change))}`;
  const kind = !fewerIsGood || Math.abs(change) < 0.005 ? "soft" : change > 0 ? "more" : "fewer";
  return el("span", { class: kind }, text);
}

function countTable(id, name, lines) {
  const most = Math.max(...lines.map((line) => line.now), 1);
  const meter = (line) => { const bar = el("b"); bar.style.width = `${(100 * line.now) / most}%`; return el("span", { class: "meter" }, bar); };
  return table(id, [
    { name, value: (line) => String(line.name ?? ""), cell: (line) => [line.name === null ? el("span", { class: "soft" }, "none") : words(line.name), meter(line)], lead: true },
    { name: "entries", number: true, value: (line) => line.now, cell: (line) => grouped(line.now) },
    { name: "before", number: true, value: (line) => line.before ?? 0, cell: (line) => (line.before === null ? "" : grouped(line.before)) },
    { name: "change", number: true, value: (line) => (line.before ? line.now / line.before : 0), cell: (line) => compared(line) },
    { name: "", tight: true, go: true, cell: (line) => search(line.query) },
  ], lines, { limit: 9 });
}

function activity() {
  const steps = sums(cube.steps, report.period.steps.length), week = sums(cube.week, 168);
  const shown = SEVERITIES.slice().reverse().filter((name) => cube.severities.includes(name));
  const series = (names) => names.map((name) => ({ name, values: steps[name] }));
  const problems = shown.filter((name) => PROBLEMS.has(name));
  const hours = Array.from({ length: 168 }, (_, slot) => SEVERITIES.reduce((sum, name) => sum + week[name][slot], 0));
  const legend = (names) => el("span", { class: "legend" }, names.slice().reverse().map((name) => el("span", { class: `of-${name}` }, name)));
  const marks = report.incidents.list.filter(incidentShown);
  const bad = problems.reduce((sum, name) => sum + steps[name].reduce((a, b) => a + b, 0), 0);
  const nodes = [
    el("div", { class: "chart-title" }, el("strong", null, `${plural(total(steps), "entry", "entries")} by ${report.period.step}`), legend(shown)),
    ...bars({ label: "Entries", height: 210, series: series(shown), query: stepQuery(SEVERITIES), entries: stepEntries(SEVERITIES), hint: `Choose a ${report.period.step} for its entries.` }),
  ];
  if (problems.length) {
    nodes.push(el("div", { class: "chart-title" }, el("strong", null, `${plural(bad, "of them is a problem", "of them are problems")}`),
      el("span", { class: "soft small" }, marks.length ? "▾ incident" : "")),
    ...bars({ label: "Warnings and errors", height: 130, series: series(problems), marks, query: stepQuery(SEVERITIES.filter((name) => PROBLEMS.has(name))), entries: stepEntries([...PROBLEMS]) }));
  }
  const stores = report.activity.stores.filter((line) => chosen.store === null || line.name === storeName(chosen.store));
  const categories = report.activity.categories.filter((line) => isCategory(line.name));
  const note = everything() ? null : el("p", { class: "soft small" }, "The tables show all severities of what is chosen.");
  nodes.push(el("div", { class: "two" },
    el("div", null, el("h3", null, "Hours of the week"), heat(hours), el("p", { class: "soft small" }, `The stronger, the more. Times of ${report.period.time_zone}.`),
      el("h3", null, "Stores"), countTable("stores", "store", stores)),
    el("div", null, el("h3", null, "Categories"), note, countTable("categories", "category", categories))));
  return nodes;
}

function templateParts(template) {
  return template.parts.filter((part) => isStore(part.store) && isCategory(part.category) && chosen.severities.has(part.severity));
}

function problems() {
  const all = report.problems.templates.map((template) => {
    const parts = templateParts(template);
    const now = everything() ? (template.trend === "gone" ? template.before : template.now) : parts.reduce((sum, part) => sum + part.entries, 0);
    return { ...template, shown: parts, entries: now };
  }).filter((template) => template.shown.length);
  const places = (template) => {
    const names = [...new Set(template.shown.map((part) => part.module || (part.category && words(part.category))).filter(Boolean))];
    return names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "");
  };
  const trends = ["new", "rising", "steady", "falling", "gone"];
  const most = Math.max(...all.map((template) => template.share), 0.01);
  const worst = (template) => template.shown.map((part) => part.severity).sort((a, b) => level(b) - level(a))[0];
  const made = table("templates", [
    { name: "what they say", lead: true, value: (one) => one.template, cell: (one) => [
      el("button", { type: "button", class: "disclose", "aria-expanded": "false" }, said(one.template)), el("span", { class: "where" }, places(one))] },
    { name: "trend", tight: true, value: (one) => trends.indexOf(one.trend), cell: (one) => (one.trend === "steady" ? "" : el("span", { class: `badge ${one.trend}` }, one.trend)) },
    { name: "entries", number: true, value: (one) => (one.trend === "gone" ? 0 : one.entries), cell: (one) => (one.trend === "gone" ? "0" : grouped(one.entries)) },
    { name: "before", number: true, value: (one) => one.before ?? 0, cell: (one) => (one.before === null ? "" : grouped(one.before)) },
    { name: "share", number: true, value: (one) => one.share, cell: (one) => {
      const bar = el("b"); bar.style.width = `${(100 * one.share) / most}%`;
      return [percent(one.share), el("span", { class: "meter bad" }, bar)];
    } },
    { name: "over time", tight: true, cell: (one) => spark(one.steps, worst(one)) },
    { name: "last", number: true, value: (one) => Date.parse(one.last), cell: (one) => shortDay(one.last) },
    { name: "", tight: true, go: true, cell: (one) => search(one.query) },
  ], all, { empty: absence("problems"), detail: templateDetail });
  const modules = report.problems.modules;
  const rate = Math.max(...modules.map((module) => module.rate), 0.01);
  const nodes = [el("p", { class: "lead" }, `${plural(report.problems.total.now, "warning or error", "warnings and errors")} of ${plural(all.length, "kind", "kinds")}, by what they say. `, search(report.problems.total.query)), made];
  if (report.problems.other_templates) nodes.push(el("p", { class: "soft small" }, `${plural(report.problems.others, "problem", "problems")} of ${plural(report.problems.other_templates, "more kind", "more kinds")} are not listed.`));
  if (modules.length && everything()) {
    nodes.push(el("h3", null, "How often they fail"), table("modules", [
      { name: "module", lead: true, value: (one) => one.module, cell: (one) => one.module },
      { name: "fails", number: true, value: (one) => one.rate, cell: (one) => {
        const bar = el("b"); bar.style.width = `${(100 * one.rate) / rate}%`;
        return [percent(one.rate), el("span", { class: "meter bad" }, bar)];
      } },
      { name: "before", number: true, value: (one) => one.rate_before ?? 0, cell: (one) => (one.rate_before === null ? "" : percent(one.rate_before)) },
      { name: "failed", number: true, value: (one) => one.failed.now, cell: (one) => [grouped(one.failed.now), " ", search(one.failed.query)] },
      { name: "of all", number: true, value: (one) => one.all.now, cell: (one) => [grouped(one.all.now), " ", search(one.all.query)] },
    ], modules));
  }
  return nodes;
}

function templateDetail(template) {
  const facts = el("dl", { class: "facts" });
  const fact = (name, value) => facts.append(el("dt", null, name), el("dd", null, value));
  fact("First seen", moment(template.first));
  fact("Last seen", moment(template.last));
  for (const part of template.shown.slice(0, 12)) {
    fact(part.module || (part.category ? words(part.category) : "no module"), `${grouped(part.entries)} ${part.severity} in ${storeName(part.store)}`);
  }
  const example = template.example;
  return [facts, example && el("div", null, el("span", { class: "soft small" }, `The newest, ${moment(example.time)} `), search(example.query),
    el("pre", null, [example.summary, example.reason, readable(example.message)].filter(Boolean).join("\n\n")))];
}
// JSON in a string is easier to read in lines.
function readable(message) {
  if (!message) return "";
  try { return JSON.stringify(JSON.parse(message), null, 2); } catch { return message; }
}

const placeOf = (incident) => isWide(incident) ? `${grouped(incident.stores.length)} of ${grouped(Math.max(incident.of_stores, incident.stores.length))} stores` : storeShown(incident.store);
const isWide = (incident) => incident.stores.length > 1;
const incidentShown = (incident) => (isStore(incident.store) || incident.stores.some(isStore)) && isCategory(incident.category) && chosen.severities.has(incident.severity);
function incidents() {
  const shown = report.incidents.list.filter(incidentShown);
  const nodes = shown.map((incident) => {
    const name = incident.module || (incident.category ? words(incident.category) : "Problems");
    const chance = incident.log10_chance < -300 ? "none worth a number" : `1 in 10^${Math.round(-incident.log10_chance)}`;
    const lines = incident.templates.map((line) => el("p", null, `${grouped(line.now)} × `, said(line.name), " ", search(line.query)));
    const why = (lines) => lines.map((line) => el("p", null, `${grouped(line.now)} × `, said(line.name), " ", search(line.query)));
    const reasons = why(incident.reasons), others = why(incident.other_reasons ?? []);
    const main = incident.reasons.filter((line) => line.now * 4 >= incident.entries);
    const explained = main.reduce((sum, line) => sum + line.now, 0) * 2 >= incident.entries;
    const first = explained ? main.map((line) => el("p", null, said(line.name))) : null;
    return el("article", { class: "incident" },
      el("header", null, el("h3", null, `${name}: ${plural(incident.entries, "failure", "failures")} in ${lasted(seconds(incident.start, incident.end))}`),
        el("span", { class: "soft" }, `${moment(incident.start)} to ${until(incident.end, incident.start)}${incident.open ? ", may still go on" : ""}`), first),
      el("div", { class: "body" },
        el("div", null, el("h4", null, `What they say, in ${placeOf(incident)}`), lines, reasons.length ? el("h4", null, "Why, as the messages say") : null, reasons, others.length ? el("h4", null, "Not counted: as usual, or at another time") : null, others, incident.hint && el("p", { class: "small" }, el("b", null, "What helps: "), incident.hint.text, el("br"), el("span", { class: "soft" }, incident.hint.source)), burst(incident),
          el("p", { class: "soft small" }, `Usual in that time: ${incident.usual.toFixed(1)} (dashed by the hour), known from ${Math.round(incident.weeks)} weeks. The chance of as many: ${chance}. `, search(incident.query))),
        isWide(incident) && !incident.changes.entries ? el("p", { class: "soft small" }, `Hit most: ${incident.stores.slice(0, 20).map(storeShown).join(", ")}${incident.stores.length > 20 ? ", …" : ""}`) : changesBefore(incident)));
  });
  if (!nodes.length) nodes.push(el("p", { class: "empty" }, everything() ? absence("incidents") : "None of what is chosen."));
  if (report.incidents.others) nodes.push(el("p", { class: "soft" }, `${plural(report.incidents.others, "smaller incident is", "smaller incidents are")} not listed.`));
  const orders = report.orders.list.filter((one) => isStore(one.store));
  if (orders.length) {
    const more = report.orders.others ? ` ${grouped(report.orders.others)} more are not listed here: storelogs report -o orders.csv, with the same time range, writes all.` : "";
    const through = orders.filter((one) => one.came_through).length;
    const later = through ? ` ${through === orders.length ? "All" : grouped(through)} of ${plural(orders.length, "order", "orders")} came through later: the same module worked for them.` : "";
    const costs = report.orders.costs.map((cost) => `${cost.value}${cost.currency ? ` ${cost.currency}` : ""} (${plural(cost.orders, "order", "orders")})`).join(", ");
    const cost = costs && everything() ? ` Where the log names an amount, those that did not come through are of ${costs}.` : "";
    const save = el("button", { type: "button", class: "tool save", onclick: () => saveOrders(orders) }, orders.length === 1 ? "Save as CSV" : `Save these ${grouped(orders.length)} as CSV`);
    nodes.push(el("h3", null, "Orders to look at"), el("p", { class: "soft small" }, `Those that warnings and errors name.${more}${later}${cost} `, save), ordersTable("orders", orders));
  }
  nodes.push(el("details", { class: "small soft" }, el("summary", null, "How they are found"), el("p", null, report.incidents.method)));
  return nodes;
}

function changesBefore(incident) {
  const changes = incident.changes;
  const node = el("div", null, el("h4", null, "Changed in the hour before"));
  if (!changes.entries) {
    const what = changes.pruned_until ? "Not known: entries of that time were pruned." : "Nothing, as far as the logs show.";
    return put(node, null, [el("p", { class: "soft" }, what)]);
  }
  changes.listed.forEach((change, at) => {
    const before = `${Math.max(1, Math.floor(seconds(change.time, incident.start) / 60))} min before`;
    node.append(el("div", { class: at === 0 ? "change first" : "change" }, el("span", { class: "ago" }, before), changeText(change), search(change.query)));
  });
  const others = changes.ordinary.map((item) => `${item.actor || "somebody"}: ${words(item.action || "something")} ×${item.entries}`);
  if (others.length) node.append(el("p", { class: "small soft" }, `${changes.listed.length ? "Besides, " : ""}ordinary work: ${others.join("; ")}. `, search(changes.query)));
  return node;
}
function changeText(change) {
  const badges = [change.topic && el("span", { class: "badge warn" }, change.topic), change.unusual_hour && el("span", { class: "badge new" }, "unusual hour")].filter(Boolean);
  if (change.app) badges.unshift(el("span", { class: "badge" }, "app"));
  return el("span", null, el("strong", null, change.actor || "Somebody"), " ", ...badges.flatMap((badge) => [badge, " "]),
    el("br"), change.summary || words(change.action || change.category || ""), el("span", { class: "soft small" }, ` ${storeName(change.store)}`));
}

function people() {
  const actors = report.people.actors.filter((actor) => chosen.store === null || actor.stores.includes(chosen.store));
  const nodes = [table("actors", [
    { name: "who", lead: true, value: (one) => one.actor, cell: (one) => [el("strong", null, one.actor), " ", one.app ? el("span", { class: "badge" }, "app") : null, " ", one.new ? el("span", { class: "badge new" }, "new") : null, one.app && one.app.by ? el("span", { class: "where" }, `installed or changed by ${one.app.by}, ${moment(one.app.time)} `, search(one.app.query)) : null] },
    { name: "entries", number: true, value: (one) => one.now, cell: (one) => grouped(one.now) },
    { name: "before", number: true, value: (one) => one.before ?? 0, cell: (one) => (one.before === null ? "" : grouped(one.before)) },
    { name: "most often", cell: (one) => el("span", { class: "small" }, one.actions.slice(0, 4).map((line, at) => [at ? ", " : "", words(line.name ?? "nothing said"), " ", el("span", { class: "soft" }, grouped(line.now))])) },
    { name: "hours of the day", tight: true, cell: (one) => spark(one.hours) },
    { name: "last", number: true, value: (one) => Date.parse(one.last), cell: (one) => shortDay(one.last) },
    { name: "", tight: true, go: true, cell: (one) => search(one.query) },
  ], actors, { empty: absence("people") })];
  const ofStore = (list) => list.filter((one) => isStore(one.store));
  const sensitive = ofStore(report.people.sensitive).filter((one) => isCategory(one.category));
  nodes.push(el("h3", null, "Sensitive changes"), el("p", { class: "soft small" }, "Of permissions, payment, checkout, domain and plan, one by one."), table("sensitive", [
    { name: "what", lead: true, cell: (one) => changeText(one) },
    { name: "when", number: true, value: (one) => Date.parse(one.time), cell: (one) => moment(one.time) },
    { name: "", tight: true, go: true, cell: (one) => search(one.query) },
  ], sensitive));
  const bulk = ofStore(report.people.bulk), fresh = ofStore(report.people.new_actions), unusual = ofStore(report.people.unusual);
  nodes.push(el("div", { class: "two" },
    el("div", null, el("h3", null, "Many at once"), table("bulk", [
      { name: "who did what", lead: true, value: (one) => one.actor, cell: (one) => [el("strong", null, one.actor), ` ${words(one.action || one.category || "")} ×${grouped(one.entries)} in ${lasted(seconds(one.start, one.end))}`] },
      { name: "when", number: true, value: (one) => Date.parse(one.start), cell: (one) => moment(one.start) },
      { name: "", tight: true, go: true, cell: (one) => search(one.query) },
    ], bulk, { limit: 9 }), el("h3", null, "Never done before"), report.people.knows_new ? table("fresh", [
      { name: "what", lead: true, value: (one) => one.action, cell: (one) => [words(one.action), " ", el("span", { class: "soft" }, `by ${one.actor || "somebody"}, ${plural(one.entries, "time", "times")}`)] },
      { name: "first", number: true, value: (one) => Date.parse(one.first), cell: (one) => moment(one.first) },
      { name: "", tight: true, go: true, cell: (one) => search(one.query) },
    ], fresh, { limit: 9 }) : el("p", { class: "empty" }, "The archive begins too late to know.")),
    el("div", null, el("h3", null, "At unusual hours"), table("unusual", [
      { name: "who did what", lead: true, value: (one) => one.actor, cell: (one) => [el("strong", null, one.actor), ` ${one.actions.map(words).join(", ")} ×${one.entries}`] },
      { name: "hour", number: true, value: (one) => Date.parse(one.start), cell: (one) => `${moment(one.start)} to ${clockOf(one.end)}` },
      { name: "", tight: true, go: true, cell: (one) => search(one.query) },
    ], unusual, { limit: 9 }), el("p", { class: "soft small" }, "Hours at which they have done less than 2 % of their work."))));
  return nodes;
}

function trust() {
  const stores = report.trust.stores.filter((one) => isStore(one.store));
  const ago = (time) => (time ? `${lasted(seconds(time, report.made))} ago` : "never");
  const room = (one) => (one.headroom_seconds === null ? "" : one.headroom_seconds <= 0 ? "now" : lasted(one.headroom_seconds));
  return [table("trust", [
    { name: "store", lead: true, value: (one) => storeShown(one.store), cell: (one) => [storeShown(one.store), one.reason ? el("span", { class: "where" }, one.reason) : null] },
    { name: "state", value: (one) => one.state, cell: (one) => el("span", { class: `badge ${one.state === "active" ? "good" : "new"}` }, one.state) },
    { name: "covered", number: true, value: (one) => one.share, cell: (one) => percent(one.share) },
    { name: "over the period", tight: true, cell: coverage },
    { name: "read", number: true, value: (one) => Date.parse(one.last_success ?? 0), cell: (one) => ago(one.last_success) },
    { name: "came late", number: true, value: (one) => one.late, cell: (one) => (one.late ? `${grouped(one.late)}, up to ${lasted(one.latest_seconds)}` : "0") },
    { name: "undecodable", number: true, value: (one) => one.undecodable, cell: (one) => grouped(one.undecodable) },
    { name: "expires in", number: true, value: (one) => one.headroom_seconds ?? 0, cell: room },
    { name: "", tight: true, go: true, cell: (one) => search(one.query) },
  ], stores),
  ...stores.filter((one) => one.gaps.length).map((one) => el("p", { class: "small" }, el("span", { class: "badge warn" }, "not covered"), ` ${storeName(one.store)}: `,
    one.gaps.map((gap) => `${moment(gap.since)} to ${until(gap.until, gap.since)}`).join("; "), ". `storelogs sync` fetches what can still be had.")),
  el("p", { class: "soft small" }, "Covered: read to a proved end. Expires in: how long the platform still keeps what the archive does not have yet. `storelogs verify` compares every count with the platforms' own.")];
}
