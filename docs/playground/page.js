"use strict";
// The page's counts: polynomials from the data, evaluated with BigInt. Nothing about a cell is written here.
const DATA = JSON.parse(document.getElementById("data").textContent);
const LARGEST = (1n << 63n) - 1n;
const SHOWN = 12; // layers of a stack whose tensors are listed

const valueOf = (place, sizes) => DATA.polys[place].reduce((sum, [factor, powers]) =>
  sum + Object.entries(powers).reduce((term, [name, power]) => term * sizes[name] ** BigInt(power), BigInt(factor)), 0n);
const text = (place) => DATA.texts[place];
const grouped = (number) => String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
const listed = (words, last = "and") => words.length < 2 ? words.join("") :
  `${words.slice(0, -1).join(", ")} ${last} ${words[words.length - 1]}`;

class Wrong extends Error {
  constructor(message, field) { super(message); this.field = field; }
}

function size(written, field) {
  const found = /^\s*(\d[\d_,]*)\s*([kMB]?)\s*$/.exec(written);
  const scale = { "": 1n, k: 1000n, M: 1000000n, B: 1000000000n };
  const number = found ? BigInt(found[1].replace(/[_,]/g, "")) * scale[found[2]] : 0n;
  if (!found || number < 1n || number > LARGEST) {
    throw new Wrong(`${field}: a whole number from 1 to 2⁶³ - 1, such as 128 or 10k`, field);
  }
  return number;
}

// where a choice stands in the data: framework/cell/switches/policy/counted sizes
function keyOf(choice, framework, policy) {
  const cell = DATA.cells[choice.cell];
  const bits = cell.switches.map((name) => (choice.switches[name] ? "1" : "0")).join("");
  return [framework, choice.cell, bits, policy, ...Object.keys(cell.counted).map((name) => choice.counted[name])].join("/");
}

function variantOf(choice, framework, policy) {
  return DATA.variants[keyOf(choice, framework, policy)];
}

function ownKey(cell, framework) {
  const start = `${framework}/${cell}/`;
  return Object.keys(DATA.variants).find((key) => key.startsWith(start) && DATA.variants[key].default);
}

function ownSwitches(cell, framework) {
  const key = ownKey(cell, framework);
  return key && Object.fromEntries(DATA.cells[cell].switches.map((name, n) => [name, key.split("/")[2][n] === "1"]));
}

function ownPolicy(choice, framework) {
  // the framework's own bias for this cell; with these switches, or the first that it has
  const key = ownKey(choice.cell, framework);
  const preferred = key && key.split("/")[3];
  const known = DATA.policies.filter((policy) => variantOf(choice, framework, policy));
  return known.includes(preferred) ? preferred : known[0];
}

function refusal(choice) {
  const able = Object.keys(DATA.frameworks).filter((name) => ownPolicy(choice, name));
  const on = DATA.cells[choice.cell].switches.filter((name) => choice.switches[name]);
  const what = `${choice.framework} has no ${choice.cell}${on.length ? ` with ${listed(on)}` : ""}`;
  if (ownPolicy(choice, choice.framework)) {
    return `${choice.framework} has no such ${choice.cell} with bias ${choice.policy}`;
  }
  return able.length ? `${what}; ${listed(able)} ${able.length > 1 ? "have" : "has"} it` : what;
}

// The count of one choice, as the JSON of the command line has it; numbers are BigInt.
function count(choice) {
  const policy = choice.policy || ownPolicy(choice, choice.framework);
  const variant = policy && variantOf(choice, choice.framework, policy);
  if (!variant) throw new Wrong(refusal(choice), "framework");
  const stack = choice.bidirectional ? variant.both : variant.one;
  if (!stack) throw new Wrong(`${choice.framework} has no ${choice.cell} in both directions`, "bidirectional");
  const sizes = { ...choice.sizes };
  for (const name of Object.keys(DATA.cells[choice.cell].free)) {
    if (sizes.units % sizes[name]) throw new Wrong(`chunks of ${sizes[name]} do not divide ${sizes.units} units`, name);
    sizes[`units/${name}`] = sizes.units / sizes[name];
  }
  for (const [small, large] of Object.entries(variant.below)) {
    if (small in sizes && large in sizes && sizes[small] >= sizes[large]) {
      const words = [small, large].map((name) => text(variant.words[name]));
      throw new Wrong(`${choice.framework} needs ${words[0]} below ${words[1]}; ${sizes[small]} is not below ${sizes[large]}`, small);
    }
  }
  const more = BigInt(choice.num_layers) - 1n;
  const figure = (key) => valueOf(stack.first[key], sizes) + more * valueOf(stack.next[key], sizes);
  const params = figure("params"), macs = figure("macs"), flops = figure("flops");
  const bits = BigInt(DATA.dtypes[choice.dtype]);
  const bytes = (scalars) => (scalars * bits + 7n) / 8n;
  const states = variant.states.reduce((sum, [, place]) => sum + valueOf(place, sizes), 0n);
  const rows = BigInt(choice.num_layers) * BigInt(stack.directions);
  return {
    variant, policy, sizes, params, stack,
    type: text(stack.wrapped),
    macs_per_step: macs, flops_per_step: flops,
    macs: choice.steps ? macs * choice.steps : null, flops: choice.steps ? flops * choice.steps : null,
    weight_bytes: bytes(params), state_bytes: bytes(states * rows),
    tensors: tensors(stack, choice, sizes),
  };
}

function tensors(stack, choice, sizes) {
  const layers = Number(choice.num_layers < BigInt(SHOWN) ? choice.num_layers : SHOWN);
  const list = layers === 1 && choice.num_layers === 1n ? stack.alone : stack.stacked;
  const found = [];
  for (let k = 0; k < layers; k += 1) {
    for (const [level, name, grid] of list) {
      if (level === Math.min(k, 1)) found.push(tensor(text(name).replaceAll("{k}", k), grid, level, sizes));
    }
  }
  return found;
}

function tensor(name, place, level, sizes) {
  const [form, formula, shape, rows, columns] = DATA.grids[place];
  const axes = shape.map((axis) => valueOf(axis, sizes));
  const sized = (sides) => sides.map(([side, size]) => [side, valueOf(size, sizes)]);
  return {
    name, level, form, shape: axes, params: axes.reduce((all, axis) => all * axis, 1n), formula: text(formula),
    rows: sized(rows), columns: sized(columns), grid: place,
  };
}

function inNumbers(formula, variant, sizes) {
  const words = Object.entries(variant.words).filter(([key]) => key in sizes).map(([key, word]) => [text(word), sizes[key]]);
  for (const key of Object.keys(sizes)) if (key.includes("/")) words.push([key, sizes[key]]);
  words.sort((a, b) => b[0].length - a[0].length);
  const values = new Map(words);
  const names = words.map(([word]) => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")).join("|");
  return formula.replace(new RegExp(`(?<![\\w.])(?:${names})(?![\\w./])`, "g"), (word) => grouped(values.get(word)));
}

function summed(list, variant, sizes, layers) {
  // equal formulas once, with how often each is there
  const counts = new Map();
  for (const each of list) {
    const times = each.level ? layers - 1n : 1n;
    counts.set(each.formula, (counts.get(each.formula) || 0n) + times);
  }
  const terms = [...counts].map(([formula, times]) =>
    times === 1n ? formula : `${grouped(times)} × ${formula.includes(" ") ? `(${formula})` : formula}`);
  const symbols = terms.join(" + ");
  return [symbols, inNumbers(symbols, variant, sizes)];
}

// --- the page ---------------------------------------------------------------------------------------------------------

const form = document.getElementById("form");
const at = (id) => document.getElementById(id);

function element(tag, content, kind) {
  const made = document.createElement(tag);
  if (content instanceof Node) made.append(content); else if (content !== undefined) made.textContent = content;
  if (kind) made.className = kind;
  return made;
}

function row(cells, kinds = [], name = "") {
  const made = element("tr", undefined, name);
  cells.forEach((cell, n) => made.append(element("td", cell, kinds[n])));
  return made;
}

function options(select, pairs) {
  const chosen = select.value;
  select.replaceChildren(...pairs.map(([value, shown]) => { const o = element("option", shown); o.value = value; return o; }));
  if (pairs.some(([value]) => value === chosen)) select.value = chosen;
}

function field(key, value, placeholder = "") {
  const label = element("label");
  const word = element("span", key);
  word.dataset.word = key;
  const input = element("input");
  Object.assign(input, { name: key, value, placeholder, inputMode: "numeric", spellcheck: false });
  label.append(word, " ", input);
  return label;
}

function arrange() {
  // the fields that this cell has
  const cell = DATA.cells[form.elements.cell.value];
  const kept = Object.fromEntries([...form.elements].filter((each) => each.name).map((each) =>
    [each.name, each.type === "checkbox" ? each.checked : each.value]));
  at("sizes").replaceChildren(
    ...cell.sizes.map((name) => field(name, kept[name] ?? "", "none")),
    ...Object.entries(cell.free).map(([name, value]) => field(name, kept[name] ?? value)),
    ...Object.entries(cell.counted).map(([name, values]) => {
      const label = element("label", name);
      const select = element("select");
      select.name = name;
      options(select, values.map((each) => [String(each), String(each)]));
      if (values.map(String).includes(kept[name])) select.value = kept[name];
      label.append(" ", select);
      return label;
    }));
  const flags = cell.switches.filter((name) => !cell.sizes.includes(name));
  at("switches").replaceChildren(...flags.map((name) => {
    const label = element("label", undefined, "check");
    const box = element("input");
    Object.assign(box, { type: "checkbox", name, checked: Boolean(kept[name]) });
    label.append(box, name.replaceAll("_", " "));
    return label;
  }));
}

function own() {
  // the switches as the framework has them, where a cell or framework was chosen anew
  const switches = ownSwitches(form.elements.cell.value, form.elements.framework.value) || {};
  for (const [name, on] of Object.entries(switches)) {
    const input = form.elements[name];
    if (input.type === "checkbox") input.checked = on; else if (!on) input.value = "";
  }
}

function choice() {
  const name = form.elements.cell.value;
  const cell = DATA.cells[name];
  const written = (key) => size(form.elements[key].value, key);
  const sizes = { input_depth: written("input_depth"), units: written("units") };
  const switches = {};
  for (const key of cell.switches) {
    const input = form.elements[key];
    switches[key] = input.type === "checkbox" ? input.checked : Boolean(input.value.trim());
    if (input.type !== "checkbox" && switches[key]) sizes[key] = written(key);
  }
  for (const key of Object.keys(cell.free)) sizes[key] = written(key);
  return {
    cell: name, framework: form.elements.framework.value, switches, sizes,
    counted: Object.fromEntries(Object.keys(cell.counted).map((key) => [key, form.elements[key].value])),
    policy: form.elements.bias.value, bidirectional: form.elements.bidirectional.checked,
    num_layers: written("num_layers"), dtype: form.elements.dtype.value,
    steps: form.elements.steps.value.trim() ? written("steps") : null,
  };
}

function command(chosen) {
  const flag = (key) => `--${key.replaceAll("_", "-")}`;
  const cell = DATA.cells[chosen.cell];
  const words = ["rnncalc", chosen.cell];
  for (const [key, value] of Object.entries(chosen.sizes)) words.push(flag(key), String(value));
  for (const [key, value] of Object.entries(chosen.counted)) words.push(flag(key), value);
  const own = ownSwitches(chosen.cell, chosen.framework) || {};
  for (const key of cell.switches.filter((each) => !cell.sizes.includes(each) && chosen.switches[each] !== own[each])) {
    words.push(chosen.switches[key] ? flag(key) : flag(`no_${key}`));
  }
  if (chosen.num_layers > 1n) words.push("--num-layers", String(chosen.num_layers));
  if (chosen.bidirectional) words.push("--bidirectional");
  if (chosen.policy) words.push("--bias", chosen.policy);
  if (chosen.steps) words.push("--steps", String(chosen.steps));
  if (chosen.dtype !== "float32") words.push("--dtype", chosen.dtype);
  return [...words, "-F", chosen.framework].join(" ");
}

function show() {
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  let chosen, found;
  try {
    chosen = choice();
    found = count(chosen);
  } catch (wrong) {
    if (!(wrong instanceof Wrong)) throw wrong;
    const input = form.elements[wrong.field];
    if (input && input.setAttribute) input.setAttribute("aria-invalid", "true");
    at("error").textContent = wrong.message;
    at("error").hidden = false;
    at("total").textContent = "?";
    at("kind").textContent = at("formula").textContent = "";
    at("details").hidden = true;
    return;
  }
  at("error").hidden = true;
  at("details").hidden = false;
  const { variant, sizes } = found;
  at("total").textContent = grouped(found.params);
  at("kind").textContent = `parameters · ${found.type} · ${chosen.framework}`;
  const kinds = chosen.num_layers === 1n ? found.tensors : tensors(found.stack, { ...chosen, num_layers: 2n }, sizes);
  const [symbols, numbers] = summed(kinds, variant, sizes, chosen.num_layers);
  at("formula").replaceChildren(symbols, element("br"), `= ${numbers}`, element("br"), `= ${grouped(found.params)}`);
  at("tensors").tBodies[0].replaceChildren(...found.tensors.map((each) => row(
    [each.name, each.shape.map(grouped).join(" × ") || "1", each.formula, grouped(each.params)], ["", "", "", "n"])));
  if (chosen.num_layers > BigInt(SHOWN)) {
    at("tensors").tBodies[0].append(row([`and ${grouped(chosen.num_layers - BigInt(SHOWN))} layers more, alike`, "", "", ""], ["quiet"]));
  }
  at("picture").innerHTML = picture(kinds, variant.shades);
  at("equations").tBodies[0].replaceChildren(...DATA.equations[variant.equations].map((line) => row(line, ["", "quiet"])));
  const [width, height, drawn] = DATA.drawings[variant.drawing];
  at("step").innerHTML = svg(width, height, drawn, "One step: what is read on the left, what is passed on at the right");
  for (const each of document.querySelectorAll("[data-word]")) {
    const place = variant.words[each.dataset.word];
    each.textContent = place === undefined ? each.dataset.word : text(place);
  }
  lengths(variant, sizes);
  costs(found, chosen);
  elsewhere(found, chosen);
  at("command").textContent = command(chosen);
}

function lengths(variant, sizes) {
  const word = text(variant.words.units);
  const [state] = variant.states[0];
  at("unit").textContent = `${word} = ${grouped(sizes.units)}: the length of ${variant.states.length > 1 ? "the states" : "the state"} and of each gate, where nothing projects it. It is not the number of steps, nor of cells; one cell is used at every step.`;
  const gates = new Map(variant.gates.map(([gate, place]) => [gate, valueOf(place, sizes)]));
  gates.delete(state);
  const rows = [["x", sizes.input_depth], ...variant.states.map(([name, place]) => [name, valueOf(place, sizes)]), ...gates];
  const most = rows.reduce((a, [, b]) => (a > b ? a : b), 1n);
  at("lengths").tBodies[0].replaceChildren(...rows.map(([name, length]) => {
    const bar = element("span", "", "bar");
    bar.style.width = `min(${Math.max(0.2, Number(length * 1000n / most) / 50)}rem, ${Math.max(1, Number(length * 50n / most))}vw)`;
    return row([name, bar, grouped(length)], ["", "", "n"]);
  }));
}

function costs(found, chosen) {
  const sequence = (value) => (value === null ? "" : `, ${grouped(value)} a sequence`);
  at("costs").tBodies[0].replaceChildren(
    row(["MACs", `${grouped(found.macs_per_step)} a step${sequence(found.macs)}`]),
    row(["FLOPs", `${grouped(found.flops_per_step)} a step${sequence(found.flops)}`]),
    row(["Weights", `${grouped(found.weight_bytes)} bytes as ${chosen.dtype}`]),
    row(["State", `${grouped(found.state_bytes)} bytes a sequence`]));
}

function elsewhere(found, chosen) {
  // what was left as the framework has it is left to each framework
  const mine = ownSwitches(chosen.cell, chosen.framework) || {};
  const rows = [];
  for (const framework of Object.keys(DATA.frameworks)) {
    const theirs = ownSwitches(chosen.cell, framework) || {};
    const switches = { ...chosen.switches };
    if (framework !== chosen.framework) {
      for (const name of Object.keys(switches)) if (switches[name] === mine[name] && name in theirs) switches[name] = theirs[name];
    }
    let made = null;
    try {
      made = count({ ...chosen, framework, switches, policy: framework === chosen.framework ? chosen.policy : "" });
    } catch (wrong) {
      if (!(wrong instanceof Wrong)) throw wrong;
    }
    if (made) {
      const more = made.params - found.params;
      rows.push(row([framework, made.type, made.policy, grouped(made.params), `${more > 0n ? "+" : ""}${grouped(more)}`],
        ["", "", "", "n", "n"], framework === chosen.framework ? "chosen" : ""));
    } else {
      rows.push(row([framework, "has no such cell", "", "", ""], ["", "quiet"]));
    }
  }
  at("elsewhere").tBodies[0].replaceChildren(...rows);
}

// Every tensor as a block to one scale; equal ones once.
function picture(list, shades) {
  const escape = (told) => told.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const seen = new Map();
  for (const each of list) {
    const key = `${each.level}/${each.grid}/${each.name.replace(/fw|bw|forward|backward|_reverse/g, "")}`;
    if (!seen.has(key)) seen.set(key, each);
  }
  const number = Number;
  const blocks = [...seen.values()];
  const widest = Math.max(...blocks.map((each) => each.columns.reduce((sum, [, n]) => sum + number(n), 0)));
  const tallest = Math.max(...blocks.map((each) => each.rows.reduce((sum, [, n]) => sum + number(n), 0)));
  const scale = Math.min(520 / widest, 240 / tallest);
  let y = 6, parts = "";
  for (const each of blocks) {
    parts += `<text x="0" y="${y + 12}">${escape(each.name)}</text>`;
    y += 22;
    const widths = each.columns.map(([, n]) => Math.max(9, number(n) * scale));
    let x = 90;
    each.columns.forEach(([gate], n) => {
      if (widths[n] > gate.length * 7.3 + 4) parts += `<text x="${x + widths[n] / 2}" y="${y + 8}" text-anchor="middle" class="soft">${escape(gate)}</text>`;
      x += widths[n];
    });
    y += 14;
    for (const [source, length] of each.rows) {
      const high = Math.max(14, number(length) * scale);
      const label = source === "1" || source.endsWith("*") ? source : `${source} ${grouped(length)}`;
      parts += `<text x="82" y="${y + high / 2 + 4.5}" text-anchor="end" class="soft">${escape(label)}</text>`;
      x = 90;
      each.columns.forEach(([gate, n], k) => {
        const scalars = grouped(n * length);
        parts += `<rect x="${x}" y="${y}" width="${widths[k]}" height="${high}" class="block ${shades[gate] ?? "abcdef"[k % 6]}"/>`;
        if (scalars.length * 7.3 < widths[k]) parts += `<text x="${x + widths[k] / 2}" y="${y + high / 2 + 4.5}" text-anchor="middle" class="small">${scalars}</text>`;
        x += widths[k];
      });
      y += high;
    }
    y += 16;
  }
  return svg(640, y, parts, "Each tensor to scale: rows are what is read, columns the gates");
}

function svg(width, height, inner, title) {
  const head = `<defs><marker id="rnncalc-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z" style="fill: var(--line)"/></marker></defs>`;
  return `<svg class="rnncalc" role="img" viewBox="-8 -8 ${width + 16} ${height + 16}" width="${width + 16}" height="${height + 16}"><title>${title}</title>${head}${inner}</svg>`;
}

function keep() {
  const pairs = [...form.elements].filter((each) => each.name && each.type !== "fieldset")
    .map((each) => [each.name, each.type === "checkbox" ? (each.checked ? "1" : "") : each.value]).filter(([, value]) => value);
  history.replaceState(null, "", `#${new URLSearchParams(pairs)}`);
}

function restore() {
  const told = new URLSearchParams(location.hash.slice(1));
  for (const name of ["cell", "framework"]) {
    if ([...form.elements[name].options].some((each) => each.value === told.get(name))) form.elements[name].value = told.get(name);
  }
  arrange();
  own();
  for (const [name, value] of told) {
    const input = form.elements[name];
    if (!input || !input.type || name === "cell" || name === "framework") continue;
    if (input.type === "checkbox") input.checked = value === "1"; else input.value = value;
  }
  show();
}

options(form.elements.cell, Object.entries(DATA.cells).map(([name, cell]) => [name, `${name}: ${cell.title}`]));
options(form.elements.framework, Object.entries(DATA.frameworks));
options(form.elements.bias, [["", "the framework's own"], ["single", "single: one a map"], ["double", "double: one a matrix"], ["input", "input: beside x alone"], ["none", "none"]]);
options(form.elements.dtype, Object.keys(DATA.dtypes).map((name) => [name, name]));
form.elements.cell.value = "lstm";
form.elements.dtype.value = "float32";
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", (event) => {
  if (event.target.name === "cell" || event.target.name === "framework") {
    arrange();
    own();
  }
  show();
  keep();
});
window.addEventListener("hashchange", restore);
restore();
window.rnncalc = { count, DATA };
