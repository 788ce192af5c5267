// Charts, drawn anew whenever what is shown or the width changes.

function nice(most) {
  const rough = Math.max(most, 1) / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough && (n >= 1 && Number.isInteger(n))) || rough);
  const ticks = [];
  for (let tick = step; tick < most + step; tick += step) ticks.push(tick);
  return ticks;
}

const charts = new Set();
function chart(height, label, draw) {
  const node = el("div", { class: "chart" });
  const paint = () => {
    const width = Math.round(node.clientWidth);
    if (!width) return;
    const canvas = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": label });
    draw(canvas, width, height);
    node.replaceChildren(canvas);
  };
  node.paint = paint;
  charts.add(node);
  return node;
}
function paintCharts() {
  for (const node of charts) {
    if (node.isConnected) node.paint();
    else charts.delete(node);
  }
}

// Bars over the steps of the period. series: {name, values}, the lowest first.
function bars(options) {
  const steps = report.period.steps;
  const totals = steps.map((_, at) => options.series.reduce((sum, one) => sum + one.values[at], 0));
  const ticks = nice(Math.max(...totals));
  const top = ticks[ticks.length - 1] || 1;
  const label = `${options.label}: ${grouped(totals.reduce((a, b) => a + b, 0))} in all, at most ${grouped(Math.max(...totals))} in one ${report.period.step}. Arrow keys move from one to the next.`;
  let picked = -1;
  const end = (at) => steps[at + 1] || report.period.until;
  const node = chart(options.height, label, (canvas, width, height) => {
    const [left, bottom, above] = [40, 20, 14];
    const room = width - left, high = height - bottom - above;
    const y = (n) => above + high - (n / top) * high;
    for (const tick of [0, ...ticks]) {
      canvas.append(svg("line", { class: "grid", x1: left, x2: width, y1: y(tick), y2: y(tick) }),
        svg("text", { class: "axis", x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, tick >= 10000 ? `${tick / 1000}k` : grouped(tick)));
    }
    const since = Date.parse(report.period.since), whole = Date.parse(report.period.until) - since;
    const x = (time) => left + ((Date.parse(time) - since) / whole) * room;
    for (const mark of options.marks || []) {
      const [from, to] = [x(mark.start), x(mark.end)];
      const middle = (from + to) / 2;
      canvas.append(svg("rect", { class: "band", x: from - 2, y: above, width: Math.max(4, to - from + 4), height: high }),
        svg("path", { class: "band-mark", d: `M${middle - 5} ${above - 11}h10l-5 8z` }));
    }
    const every = Math.max(1, Math.ceil(steps.length / Math.max(2, Math.floor(room / 78))));
    steps.forEach((step, at) => {
      const from = x(step), to = x(end(at)), wide = to - from;
      const gap = wide > 5 ? Math.min(2, wide * 0.18) : 0;
      let base = 0;
      for (const one of options.series) {
        if (!one.values[at]) continue;
        const [low, upper] = [y(base), y(base + one.values[at])];
        canvas.append(svg("rect", { class: `b-${one.name}`, x: from + gap / 2, width: Math.max(0.6, wide - gap), y: upper, height: Math.max(0.8, low - upper) }));
        base += one.values[at];
      }
      if (at % every === 0 && from < width - 44) {
        const text = report.period.step === "hour" ? (at === 0 ? moment(step) : clockOf(step)) : shortDay(step);
        canvas.append(svg("text", { class: "axis", x: Math.max(left, from), y: height - 5 }, text));
      }
      const hit = svg("rect", { class: at === picked ? "picked" : "hit", x: from, width: Math.max(1, wide), y: above, height: high, "data-step": at,
        onmouseenter: (event) => showTip(event.currentTarget, at), onmouseleave: tipAway, onclick: () => pick(at) });
      canvas.append(hit);
    });
  });
  const span = (at) => (report.period.step === "hour" ? `${moment(steps[at])} to ${clockOf(end(at))}` : report.period.step === "week" ? `Week of ${yearOf(steps[at])}` : dayOf(steps[at]));
  const showTip = (target, at) => {
    const lines = options.series.filter((one) => one.values[at]).reverse();
    tipAt(target, el("b", null, `${span(at)}: ${grouped(totals[at])}`),
      ...lines.map((one) => el("span", { class: "row" }, el("span", null, one.name), el("span", null, grouped(one.values[at])))));
  };
  const trace = el("div", { class: "trace", role: "status" }, options.hint || "");
  const pick = (at) => {
    picked = at;
    const query = options.query ? options.query(steps[at], end(at)) : null;
    if (trace.nextElementSibling?.classList.contains("behind")) trace.nextElementSibling.remove();
    const entries = entriesOfBar(totals[at], options.entries(steps[at], end(at)));
    trace.replaceChildren(el("span", null, `${span(at)}: ${plural(totals[at], "entry", "entries")}`), entries || "", search(query, "Show the search") || "");
    node.paint();
  };
  node.tabIndex = 0;
  node.addEventListener("keydown", (event) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    event.preventDefault();
    pick(Math.min(steps.length - 1, Math.max(0, picked + move)));
    const hit = node.querySelector(`[data-step="${picked}"]`);
    if (hit) showTip(hit, picked);
  });
  node.addEventListener("blur", tipAway);
  return [node, trace];
}

// A drawing the size of a word.
function spark(values, kind) {
  const bins = Math.min(values.length, 37), sums = new Array(bins).fill(0);
  values.forEach((value, at) => { sums[Math.floor((at * bins) / values.length)] += value; });
  const most = Math.max(...sums, 1), wide = 110 / bins;
  return svg("svg", { class: "spark", viewBox: "0 0 110 24", role: "img", "aria-label": `Over the period: ${values.join(", ")}`.slice(0, 300), preserveAspectRatio: "none" },
    svg("line", { class: "grid", x1: 0, x2: 110, y1: 23.5, y2: 23.5 }),
    sums.map((sum, at) => sum ? svg("rect", { class: `b-${kind || "plain"}`, x: at * wide, width: Math.max(1, wide - 0.8), y: 23 - (sum / most) * 22, height: Math.max(1.5, (sum / most) * 22) }) : null));
}

// The hours around an incident, and what is usual.
function burst(incident) {
  const hours = incident.hours;
  const first = Date.parse(incident.hours_since);
  const most = Math.max(...hours, 1), ticks = nice(most), top = ticks[ticks.length - 1];
  const perHour = incident.usual / Math.max(1 / 60, seconds(incident.start, incident.end) / 3600);
  const label = `Problems by the hour around the incident, at most ${most}; usual is ${perHour.toFixed(2)}`;
  return chart(120, label, (canvas, width, height) => {
    const left = 30, bottom = 18, room = width - left, high = height - bottom - 6;
    const y = (n) => 6 + high - (n / top) * high;
    for (const tick of [0, ...ticks]) {
      canvas.append(svg("line", { class: "grid", x1: left, x2: width, y1: y(tick), y2: y(tick) }),
        svg("text", { class: "axis", x: left - 5, y: y(tick) + 4, "text-anchor": "end" }, grouped(tick)));
    }
    const wide = room / hours.length;
    const every = Math.ceil(hours.length / Math.max(2, Math.floor(room / 60)));
    hours.forEach((entries, at) => {
      const from = first + at * 3600000;
      const inside = from < Date.parse(incident.end) && from + 3600000 > Date.parse(incident.start);
      const time = new Date(from).toISOString();
      if (entries) canvas.append(svg("rect", { class: inside ? "b-error" : "b-quiet", x: left + at * wide + 0.5, width: Math.max(1, wide - 1.5), y: y(entries), height: Math.max(1, y(0) - y(entries)) }));
      if (at % every === 0) canvas.append(svg("text", { class: "axis", x: left + at * wide, y: height - 4 }, clockOf(time)));
      canvas.append(svg("rect", { class: "hit", x: left + at * wide, width: wide, y: 6, height: high,
        onmouseenter: (event) => tipAt(event.currentTarget, el("b", null, moment(time)), plural(entries, "problem", "problems")), onmouseleave: tipAway }));
    });
    canvas.append(svg("line", { class: "usual", x1: left, x2: width, y1: y(perHour), y2: y(perHour) }));
  });
}

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
function heat(week) {
  // A few hours with very many would make all others look alike.
  const most = Math.max(1, week.slice().sort((a, b) => a - b)[Math.floor(week.length * 0.97)]);
  const two = (n) => String(n).padStart(2, "0");
  const head = el("tr", null, el("td", { class: "corner" }), Array.from({ length: 24 }, (_, hour) => el("th", { scope: "col" }, hour % 3 === 0 ? String(hour) : "")));
  const rows = WEEKDAYS.map((day, number) => el("tr", null, el("th", { scope: "row" }, day),
    Array.from({ length: 24 }, (_, hour) => {
      const entries = week[number * 24 + hour];
      const text = `${day} ${two(hour)}:00 to ${two((hour + 1) % 24)}:00`;
      const cell = el("td", { "aria-label": `${text}: ${entries}`,
        onmouseenter: (event) => tipAt(event.currentTarget, el("b", null, text), plural(entries, "entry", "entries")), onmouseleave: tipAway });
      if (entries) cell.style.background = `color-mix(in srgb, var(--accent) ${Math.round(6 + 94 * Math.min(1, entries / most) ** 0.8)}%, var(--wash))`;
      return cell;
    })));
  return el("table", { class: "heat" }, el("thead", null, head), el("tbody", null, rows));
}

// Which of the period is covered.
function coverage(store) {
  const since = Date.parse(report.period.since), whole = Date.parse(report.period.until) - since;
  const at = (time) => Math.min(100, Math.max(0, ((Date.parse(time) - since) / whole) * 100));
  return svg("svg", { class: "spark", viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img", "aria-label": `${percent(store.share)} covered, ${plural(store.gaps.length, "gap", "gaps")}` },
    svg("rect", { x: 0, y: 2, width: 100, height: 6, class: "b-plain" }),
    store.gaps.map((gap) => svg("rect", { x: at(gap.since), y: 2, width: Math.max(0.8, at(gap.until) - at(gap.since)), height: 6, class: "b-error" })));
}
