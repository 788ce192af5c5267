// What is chosen, and the page around it.

const SECTIONS = { activity, problems, incidents, people, trust };
function render() {
  for (const [id, make] of Object.entries(SECTIONS)) {
    document.querySelector(`#${id} .made`).replaceChildren(...make().flat().filter(Boolean));
  }
  paintCharts();
  document.getElementById("reset").hidden = everything();
}

function choices() {
  const box = document.getElementById("filters");
  const pick = (label, name, options) => {
    const select = el("select", { "aria-label": label, id: `by-${name}` }, options.map(([text], at) => el("option", { value: at }, text)));
    select.addEventListener("change", () => { chosen[name] = options[Number(select.value)][1]; render(); });
    return select;
  };
  const has = (column, length) => cube.steps.some((cell) => cell[column] >= length);
  const stores = [["All stores", null], ...cube.stores.map((number) => [storeShown(number), number])];
  if (has(1, cube.stores.length)) stores.push(["Other stores", OTHERS]);
  const categories = [["All categories", null], ...cube.categories.map((name) => [name === null ? "No category" : words(name), name ?? NONE])];
  if (has(3, cube.categories.length)) categories.push(["Other categories", OTHERS]);
  const chips = SEVERITIES.filter((name) => cube.severities.includes(name)).map((name) => {
    const input = el("input", { type: "checkbox", checked: true, "aria-label": name, id: `by-${name}` });
    input.addEventListener("change", () => { chosen.severities[input.checked ? "add" : "delete"](name); render(); });
    return el("label", { class: `chip of-${name}` }, input, el("span", null, name));
  });
  const reset = el("button", { type: "button", class: "tool", id: "reset", hidden: true }, "Show all");
  reset.addEventListener("click", () => {
    Object.assign(chosen, { store: null, category: null, severities: new Set(SEVERITIES) });
    box.querySelectorAll("select").forEach((select) => { select.value = "0"; });
    box.querySelectorAll("input").forEach((input) => { input.checked = true; });
    render();
    box.querySelector("select, input").focus();
  });
  box.append(...(stores.length > 2 ? [pick("Store", "store", stores)] : []), pick("Category", "category", categories), ...chips, reset);
}

function theme() {
  const root = document.documentElement, button = document.getElementById("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let own = null;
  const set = () => {
    const name = own ?? (dark.matches ? "dark" : "light");
    root.dataset.theme = name;
    button.textContent = name === "dark" ? "Light" : "Dark";
  };
  button.addEventListener("click", () => { own = root.dataset.theme === "dark" ? "light" : "dark"; set(); });
  dark.addEventListener("change", set);
  set();
}

theme();
choices();
document.querySelectorAll("button[data-query]").forEach((button) => {
  button.replaceWith(search(button.dataset.query, "Show the search"));
});
document.getElementById("print").addEventListener("click", () => print());
addEventListener("beforeprint", () => {
  document.querySelectorAll(".disclose").forEach((button) => button.dispatchEvent(new Event("page:print")));
  document.querySelectorAll("details").forEach((details) => { if (!details.closest(".behind, #find")) details.open = true; });
});
document.getElementById("find-words").addEventListener("input", (event) => find(event.target.value));
find("");
addEventListener("resize", paintCharts);
addEventListener("scroll", tipAway, { passive: true });
addEventListener("keydown", (event) => { if (event.key === "Escape") tipAway(); });
document.querySelectorAll(".js").forEach((node) => { node.hidden = false; });
render();
