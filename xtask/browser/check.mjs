// Looks at pages of reports in a real Chromium: `cargo xtask browser` calls it with the folder of playwright-core, the
// browser, the folder with the pages, and where the pictures go.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";

/** The cells of a CSV text, row by row. */
function rowsOf(text) {
  const rows = [[]];
  for (const [, cell, end] of text.matchAll(/("(?:[^"]|"")*"|[^,\n]*)(,|\n)/g)) {
    rows.at(-1).push(cell);
    if (end === "\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

const [npm, executablePath, folder, pictures] = process.argv.slice(2);
const { chromium } = createRequire(pathToFileURL(path.join(npm, "package.json")))("playwright-core");
const browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
const DESKTOP = { width: 1280, height: 900 }, PHONE = { width: 390, height: 844 };
const failures = [];

async function look(what, name, options, test) {
  const context = await browser.newContext({ viewport: DESKTOP, permissions: ["clipboard-write"], ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => wrong.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => { wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  const url = pathToFileURL(path.join(folder, name)).href;
  page.on("request", (request) => { if (request.url() !== url && request.url() !== "data:,") wrong.push(`request: ${request.url()}`); });
  try {
    await page.goto(url);
    await test(page);
    assert.deepEqual(wrong, []);
    console.log(`ok    ${what}`);
  } catch (error) {
    failures.push(what);
    console.log(`FAILED ${what}\n${error.message}\n${wrong.join("\n")}`);
    await page.screenshot({ path: path.join(pictures, "failed.png"), fullPage: true });
  }
  await context.close();
}

const reportOf = (page) => page.evaluate(() => JSON.parse(document.getElementById("report").textContent));
const entriesOf = (page) => page.evaluate(() => JSON.parse(document.getElementById("entries").textContent));
const number = (text) => Number(/[\d,]+/.exec(text)[0].replaceAll(",", ""));
const shown = async (page) => number(await page.locator("#activity .chart-title strong").first().innerText());
// How many entries there are, by the counts of the page and by nothing of its script.
const sum = (report, keep) => report.activity.cube.steps.filter(keep).reduce((all, cell) => all + cell[4], 0);
const picture = (page, name, options) => page.screenshot({ path: path.join(pictures, name), ...options });

await look("the page opens from disk and asks for nothing", "demo.html", {}, async (page) => {
  const report = await reportOf(page);
  assert.equal(await shown(page), report.activity.total.now);
  assert.equal(await page.locator(".finding.alarm").count(), Math.min(3, report.incidents.list.length));
  assert.equal(await page.locator("article.incident").count(), report.incidents.list.length);
  for (const id of ["activity", "problems", "incidents", "people", "trust"]) {
    assert.ok((await page.locator(`#${id} .made`).innerText()).length > 60, `${id} is empty`);
  }
  assert.ok(!(await page.locator("body").innerText()).match(/\[object|undefined|NaN/), "something is not a text");
  await picture(page, "desktop.png");
  await picture(page, "desktop-whole.png", { fullPage: true });
});

await look("filters by store, category and severity change what is counted", "demo.html", {}, async (page) => {
  const report = await reportOf(page), cube = report.activity.cube;
  const store = cube.stores.findIndex((number) => report.stores[number].startsWith("shopline"));
  await page.selectOption("#by-store", { label: report.stores[cube.stores[store]] });
  assert.equal(await shown(page), sum(report, (cell) => cell[1] === store));
  assert.equal(await page.locator("article.incident").count(), 0, "the incidents are of the other store");
  await page.click("#reset");
  const category = cube.categories.indexOf("payment");
  await page.selectOption("#by-category", { label: "payment" });
  assert.equal(await shown(page), sum(report, (cell) => cell[3] === category));
  const info = cube.severities.indexOf("info");
  await page.locator("#by-info").uncheck();
  assert.equal(await shown(page), sum(report, (cell) => cell[3] === category && cell[2] !== info));
  assert.equal(await page.locator("#problems tbody tr:not(.detail)").count(),
    report.problems.templates.filter((template) => template.parts.some((part) => part.category === "payment")).length);
  await page.click("#reset");
  assert.equal(await shown(page), report.activity.total.now);
});

await look("tables are sorted by their heads, and rows open", "demo.html", {}, async (page) => {
  const table = page.locator("#problems table").first();
  const entries = async () => (await table.locator("tbody tr:not(.detail) td:nth-child(3)").allInnerTexts()).map(number);
  const head = table.locator("thead th").nth(2);
  for (const [direction, by] of [["descending", (a, b) => b - a], ["ascending", (a, b) => a - b]]) {
    await head.locator("button").click();
    assert.equal(await head.getAttribute("aria-sort"), direction);
    const found = await entries();
    assert.deepEqual(found, [...found].sort(by));
  }
  await table.locator(".disclose").last().click();
  assert.ok(await table.locator("tr.detail pre").isVisible());
});

await look("words find entries and orders while they are typed", "demo.html", {}, async (page) => {
  const report = await reportOf(page), { list } = await entriesOf(page);
  const box = page.getByLabel("Words of an entry or an order"), count = page.locator("#find-count");
  assert.equal(await count.getAttribute("role"), "status");
  assert.match(await count.innerText(), new RegExp(`^This page has ${list.length.toLocaleString("en")} entries and ${report.orders.list.length} orders`));
  const texts = (one) => [one.summary, one.reason, one.message].join("\n").toLowerCase();
  const own = (words) => list.filter((one) => words.every((word) => texts(one).includes(word))).length;
  let before = Infinity;
  for (const typed of ["payment", "payment order", "PAYMENT  order declined"]) {
    await box.fill("");
    await box.pressSequentially(typed);
    const found = number(await count.innerText());
    assert.equal(found, own(typed.toLowerCase().split(/ +/)), typed);
    assert.ok(found > 0 && found <= before, `${typed}: ${found}`);
    before = found;
    const all = page.locator("#found > .tool.all");
    if (await all.count()) await all.click();
    assert.equal(await page.locator("#found .entry-list > li").count(), found);
  }
  const { order } = report.orders.list[0];
  await box.fill(`order ${order}`);
  assert.match(await count.innerText(), / and 1 order of this page have all of these words\.$/);
  assert.ok(await page.locator("#found table").getByText(order, { exact: true }).first().isVisible());
  await box.fill("payment nothing-has-this-word");
  assert.match(await count.innerText(), /^0 entries and 0 orders/);
  assert.equal(await page.locator("#found > *").count(), 0);
});

await look("the entries of a figure open below it", "year.html", {}, async (page) => {
  const report = await reportOf(page), { list, figures } = await entriesOf(page);
  for (const [section, query] of [["incidents", report.incidents.list[0].query], ["problems", report.problems.templates[0].query],
    ["incidents", report.orders.list[0].query], ["people", report.people.sensitive[0].query], ["people", report.people.actors[0].query],
    ["activity", report.activity.stores[0].query], ["activity", report.activity.categories[0].query]]) {
    const figure = figures[query];
    const magnifier = await page.evaluateHandle(([section, title]) => [...document.querySelectorAll(`#${section} .search`)].find((one) => one.title === title),
      [section, `storelogs search '${query.replaceAll("'", "'\\''")}'`]);
    const button = await magnifier.evaluateHandle((node) => node.parentElement.querySelector(".entries"));
    await button.asElement().focus();
    await page.keyboard.press("Enter");
    assert.equal(await button.evaluate((node) => node.ariaExpanded), "true");
    const lines = page.locator(`#${section} .behind:not([hidden]) .entry-list > li`);
    assert.equal(await lines.count(), figure.list.length, query);
    const newest = list[figure.list[0]], text = await lines.first().innerText();
    assert.ok(text.includes(newest.severity) && text.includes(report.stores[newest.store]), text);
    if (newest.reason) assert.ok(text.indexOf(newest.reason) < text.lastIndexOf(newest.summary), "the reason comes first");
    const left = figure.of - figure.list.length, note = page.locator(`#${section} .behind:not([hidden])`).getByText("not in this page");
    assert.equal(await note.count(), left ? 1 : 0);
    if (left) assert.ok((await note.innerText()).includes(left.toLocaleString("en")));
    await page.keyboard.press("Enter");
    assert.equal(await lines.count(), 0, "it closes");
  }
  assert.ok(Object.values(figures).some((figure) => figure.of > figure.list.length), "some have more than the page");
});

await look("each figure has its entries, and each bar", "demo.html", {}, async (page) => {
  const report = await reportOf(page), { list } = await entriesOf(page);
  const folded = page.locator("table + .tool.all");
  while (await folded.count()) await folded.first().click();
  const without = await page.locator(".search").evaluateAll((nodes) => nodes.filter((node) => !node.parentElement.querySelector(".entries")).map((node) => node.title));
  assert.deepEqual(without, []);
  const chart = page.locator("#activity .chart"), trace = page.locator("#activity .trace");
  for (const [which, problems, choose] of [[0, false, []], [1, true, []], [0, false, ["#by-store", "#by-category"]]]) {
    for (const select of choose) await page.selectOption(select, { index: 1 });
    const [store, category] = await page.evaluate(() => [chosen.store, chosen.category]);
    const steps = [...report.period.steps, report.period.until];
    let opened = 0;
    for (let at = 0; at + 1 < steps.length; at += 1) {
      const cells = report.activity.cube.steps.filter((cell) => cell[0] === at && (!choose.length || (report.activity.cube.stores[cell[1]] === store && report.activity.cube.categories[cell[3]] === category)) &&
        (!problems || ["error", "unspecified", "warning"].includes(report.activity.cube.severities[cell[2]])));
      const of = cells.reduce((sum, cell) => sum + cell[4], 0);
      await chart.nth(which).focus();
      await page.keyboard.press("ArrowRight");
      assert.equal(number((await trace.nth(which).innerText()).split(": ").pop()), of);
      const button = trace.nth(which).locator(".entries");
      const own = list.filter((one) => Date.parse(one.time) >= Date.parse(steps[at]) && Date.parse(one.time) < Date.parse(steps[at + 1]) &&
        (!problems || ["error", "unspecified", "warning"].includes(one.severity)) &&
        (!choose.length || (one.store === store && report.activity.cube.categories[one.category] === category)));
      assert.ok(choose.length || own.length >= Math.min(of, 10), `${own.length} of ${of} on ${steps[at]}`);
      assert.equal(await button.count(), own.length ? 1 : 0);
      if (!own.length) continue;
      opened += 1;
      await button.press("Enter");
      const box = trace.nth(which).locator("xpath=following-sibling::*[1]");
      assert.equal(await box.locator(".entry-list > li").count(), Math.min(own.length, 50));
      const times = await box.locator("time").evaluateAll((nodes) => nodes.map((node) => Date.parse(node.dateTime)));
      assert.deepEqual(times, own.map((one) => Date.parse(one.time)).sort((a, b) => b - a).slice(0, 50));
      assert.equal(await box.getByText(`This page has ${own.length} of ${of.toLocaleString("en")}`).count(), Math.min(own.length, 50) < of ? 1 : 0);
      await chart.nth(which).focus();
    }
    assert.ok(opened > 5, `${opened} bars with entries`);
    assert.ok(await page.locator("#activity .behind").count() <= 2, "the entries of another bar go");
    if (choose.length) await page.click("#reset");
  }
});

await look("orders are saved as the program writes them", "year.html", {}, async (page) => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "as CSV" }).click()]);
  assert.equal(download.suggestedFilename(), "orders.csv");
  const saved = readFileSync(await download.path(), "utf8");
  assert.ok(saved.split("\n").length > 10);
  // The program lists every order, and looks at more of what worked later.
  const [shown, all] = [saved, readFileSync(path.join(folder, "orders.csv"), "utf8")].map(rowsOf);
  const [through, success] = ["came_through", "success"].map((name) => shown[0].indexOf(name));
  const asShown = all.slice(0, shown.length).map((row, at) => row.map((cell, column) => ([through, success].includes(column) && !shown[at][through] ? "" : cell)));
  assert.ok(shown.length > 2);
  assert.deepEqual(shown, asShown);
  for (const [text, cell] of [["=1+1", "'=1+1"], [" \uff1d1", "' \uff1d1"], ["00123", "'00123"], ["1e5", "'1e5"], ["1234567890123456", "'1234567890123456"],
    ["0.1234567890123456", "'0.1234567890123456"], ["123", "123"], ["1-2", "1-2"], ["0.5", "0.5"], ["1e", "1e"]]) {
    assert.equal(await page.evaluate((text) => guarded(text), text), cell);
  }
});

await look("everything can be reached and used by the keyboard", "demo.html", {}, async (page) => {
  const button = page.locator("#problems .search").first();
  await button.focus();
  await page.keyboard.press("Enter");
  const drawer = page.locator("#drawer");
  const report = await reportOf(page);
  assert.equal(await drawer.locator("pre").innerText(), `storelogs search '${report.problems.total.query}'`);
  await page.keyboard.press("Enter");
  await drawer.getByText("Copied").waitFor();
  await page.keyboard.press("Escape");
  assert.ok(await drawer.isHidden());
  assert.ok(await button.evaluate((node) => node === document.activeElement), "the focus comes back");
  await page.locator("#activity .chart").first().focus();
  await page.keyboard.press("ArrowRight");
  const trace = page.locator("#activity .trace").first();
  const first = sum(report, (cell) => cell[0] === 0);
  assert.equal(number((await trace.innerText()).split(":").pop()), first);
  await trace.locator(".search").press("Enter");
  assert.match(await drawer.locator("pre").innerText(), new RegExp(`since:${report.period.steps[0]} until:${report.period.steps[1]}`));
  // Nothing that can be pressed is out of the order of the keyboard, or without a name.
  const nameless = await page.evaluate(() => [...document.querySelectorAll("button, select, input, a")].filter((node) =>
    node.tabIndex < 0 || !(node.textContent || node.getAttribute("aria-label") || node.labels?.[0]?.textContent || "").trim()).length);
  assert.equal(nameless, 0);
});

await look("it is read on a phone", "demo.html", { viewport: PHONE, hasTouch: true, isMobile: true }, async (page) => {
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= room, `${wide} of ${room} pixels`);
  await page.locator("#incidents .search").first().tap();
  assert.ok(await page.locator("#drawer pre").isVisible());
  await page.locator("#drawer").getByText("Close").tap();
  await picture(page, "phone.png", { fullPage: true });
});

await look("it is dark where the system is, and where one says so", "demo.html", { colorScheme: "dark" }, async (page) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await paper();
  await picture(page, "dark.png");
  await page.click("#theme");
  assert.notEqual(await paper(), dark);
});

await look("in print nothing is left of what can only be pressed", "demo.html", {}, async (page) => {
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  for (const selector of [".bar", ".tools", ".search", ".entries", ".save", "#find"]) assert.ok(await page.locator(selector).first().isHidden(), selector);
  assert.ok(await page.locator("tr.detail pre").first().isVisible(), "details are open");
  await page.pdf({ path: path.join(pictures, "print.pdf") });
});

await look("a year is small, and drawn at once", "year.html", {}, async (page) => {
  const { size } = statSync(path.join(folder, "year.html"));
  assert.ok(size < 2_000_000, `${size} bytes`);
  const took = await page.evaluate(() => { const start = performance.now(); render(); return performance.now() - start; });
  assert.ok(took < 500, `${took} ms`);
  console.log(`      ${Math.round(size / 1024)} KiB, drawn in ${Math.round(took)} ms`);
});

await look("hostile texts are texts", "hostile.html", {}, async (page) => {
  const report = await reportOf(page);
  assert.ok(report.problems.templates.length > 3 && report.people.actors.length > 3);
  for (const button of await page.locator(".disclose").all()) await button.click();
  await page.locator("#problems .search").first().click();
  for (const button of await page.locator(".entries").all()) await button.evaluate((node) => node.click());
  await page.getByLabel("Words of an entry or an order").fill("window");
  assert.ok(await page.locator("#found .entry-list > li").count() > 3 && await page.locator(".behind .entry-list > li").count() > 3);
  for (const hit of (await page.locator("#activity .hit").all()).slice(0, 5)) await hit.hover({ force: true });
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.evaluate(() => document.querySelectorAll("img, iframe, object, embed, base, form, a:not([href^='#'])").length), 0);
  const text = await page.locator("body").innerText();
  assert.ok(text.includes("<img src=x onerror="), "what was logged is seen");
  assert.ok(!/[\u202a-\u202e\u2066-\u2069]/.test(text), "nothing turns the reading direction round");
});

await browser.close();
if (failures.length) {
  console.log(`\n${failures.length} failed`);
  process.exit(1);
}
