// The list: sorting, choosing, searching.
const CHUNK = 100;
const table = byId("areas");
const body = byId("rows");
const headers = [...table.tHead.rows[0].cells];
const fields = Object.fromEntries(["find", "municipality", "order", "pressed", "threatened", "listed", "audit", "small"].map((id) => [id, byId(id)]));
// As names are compared everywhere: words without capitals, accents and punctuation.
const simple = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
const searched = rows.name.map((name, i) => simple(`${name} ${interned[rows.town[i]]} ${rows.code[i]}`));
const names = new Intl.Collator("nl", { numeric: true });
const sorting = { column: "rank", direction: "ascending" };
let corner = "";
let chosen = rows.code.map((_, i) => i);
let shown = CHUNK;
let looked = -1;

// An area too small for a verdict stands in no corner.
const cornerOf = (i) => {
  if (silent(i) || rows.chance[i] === null) return "";
  if (has(i, "threatened")) return has(i, "pressed") ? "both" : "threat";
  return has(i, "pressed") ? "pressure" : "none";
};
const wanted = (i, words) =>
  words.every((word) => searched[i].includes(word)) &&
  (!fields.municipality?.value || interned[rows.town[i]] === fields.municipality.value) &&
  (!corner || cornerOf(i) === corner) &&
  ["pressed", "threatened", "listed", "audit"].every((flag) => !fields[flag]?.checked || has(i, flag)) &&
  (!fields.small?.checked || silent(i));

// A missing value says nothing about order, so it stays at the end in both directions.
const compare = (one, other) => {
  const sign = sorting.direction === "ascending" ? 1 : -1;
  const values = rows[sorting.column];
  if (sorting.column === "name") return sign * names.compare(values[one], values[other]) || one - other;
  const [a, b] = [values[one], values[other]];
  if (a === null || b === null) return (a === null) - (b === null) || one - other;
  return sign * (a - b) || one - other;
};

const sub = (key, values) => h("span", { class: "sub" }, t(key, values));
const chanceCell = (i) => {
  if (silent(i)) return h("td", { class: "chance" }, t(`no_chance_${reasonOf(i)}`));
  if (rows.chance[i] === null) return h("td", { class: "chance" }, t("unknown"));
  if (reasonOf(i) === "lowest") return h("td", { class: "chance" }, t("no_chance_lowest"), sub("fall_chance", { chance: rows.chance[i] }));
  const section = sectionOf(i), kind = interned[rows.kind[i]];
  return h("td", { class: "chance" }, h("b", {}, percent(rows.chance[i])),
    kind && (section === "to_weak" || section === "weak") ? sub(`kind_${kind}`) : null,
    rows.recover[i] === null ? null : sub("recover_chance", { chance: rows.recover[i] }),
    section === "other" ? sub("fall_chance", { chance: rows.decline[i] }) : null,
    rows.other[i] === null || !about.other ? null : sub("other_chance", { day: about.other, chance: rows.other[i] }));
};
const people = (i) => (rows.people[i] === null ? t("people_unknown") : t("people", { people: rows.people[i] }));
const rowOf = (i) => {
  // The points behind the words, and what weighs less, are on the sheet.
  const why = (drivers, kind, key, sign) => {
    const found = drivers.slice(0, 2).map(labelOf);
    return found.length ? h("span", { class: `sub why ${kind}` }, h("span", { class: `arrow ${kind}`, "aria-hidden": "true" }, `${sign} `),
      h("span", { class: "unseen" }, `${t(key)}: `), found.map(({ text, lang }, n) => [n ? "; " : "", h("span", { lang }, text)])) : null;
  };
  return h("tr", { "data-i": i, class: looked === i ? "looked" : null },
    h("td", { class: "rank" }, number(rows.rank[i], 0)),
    h("th", { scope: "row", class: "name" },
      h("a", { href: `#${rows.code[i]}`, class: "open" }, h("bdi", {}, nameOf(i))),
      h("span", { class: "sub" }, h("bdi", {}, townOf(i)), ` · ${people(i)}`),
      tags(i),
      rows.why[i]?.length ? h("span", { class: "sub why" }, rows.why[i].slice(0, 2).map((each, n) => [n ? "; " : "", words(interned[each])]))
        : [why(interned[rows.down[i]], "down", "pushes", "◀"), why(interned[rows.up[i]], "up", "holds", "▶")]),
    chanceCell(i),
    h("td", { class: "expected" }, rows.expected[i] === null ? (silent(i) ? null : t("unknown")) : [intervalDrawing(i), h("span", { class: "main" }, signed(points(rows.expected[i]))),
      h("span", { class: "sub" }, t("between", { low: points(rows.low[i]), high: points(rows.high[i]) }))]),
    h("td", { class: "score" }, number(points(rows.score[i])), h("span", { class: "sub" }, className(rows.level[i]))),
    h("td", { class: "change" }, signed(points(rows.change[i])),
      about.long === null ? null : h("span", { class: "sub" }, t("since", { year: about.long, change: points(rows.long[i]) }))));
};
const audited = rows.flags.some((_, i) => has(i, "audit"));
const lineRow = () =>
  h("tr", { class: "line", id: "line" }, h("th", { scope: "rowgroup", colspan: headers.length },
    about.capacity === null ? t("line_plain") : t(audited ? "line_audit" : "line", { capacity: about.capacity })));

// The line only tells the truth while the areas stand in the order of the list.
const byRank = () => sorting.column === "rank" && sorting.direction === "ascending";
const draw = () => {
  const visible = chosen.slice(0, shown).map((i) => [i, rowOf(i)]);
  const made = visible.map(([, row]) => row);
  if (capacityLine !== null && byRank()) {
    const place = visible.findIndex(([i]) => i >= capacityLine);
    if (place > 0 || (place === 0 && capacityLine === 0)) made.splice(place, 0, lineRow());
  }
  body.replaceChildren(...made);
  byId("more").hidden = chosen.length <= shown;
  const told = { count: chosen.length, all: count, shown: Math.min(shown, chosen.length) };
  const key = !chosen.length ? "status_none" : chosen.length > shown ? "status_part" : "status";
  byId("status").textContent = t(key, told);
};
const choose = () => {
  const words = simple(fields.find.value).split(/\s+/).filter(Boolean);
  chosen = rows.code.map((_, i) => i).filter((i) => wanted(i, words));
  if (!byRank()) chosen.sort(compare);
  shown = CHUNK;
  draw();
  const inside = new Set(chosen);
  listeners.forEach((listen) => listen(looked, "choice", inside));
};
const sortBy = (column, direction) => {
  Object.assign(sorting, { column, direction });
  headers.forEach((header) => {
    if (header.dataset.column === column) header.setAttribute("aria-sort", direction);
    else header.removeAttribute("aria-sort");
  });
  fields.order.value = column;
  choose();
};
const setCorner = (id) => {
  corner = corner === id ? "" : id;
  document.querySelectorAll(".corner").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.corner === corner)));
  choose();
};

headers.forEach((header) => {
  const label = header.firstElementChild;
  // Browsers leave buttons out of a heading row that is repeated on each printed page.
  const button = h("button", { type: "button", click: () => {
    const turned = header.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    sortBy(header.dataset.column, header.hasAttribute("aria-sort") ? turned : header.dataset.first);
  } });
  header.replaceChildren(button);
  button.append(label);
  const option = new Option(label.textContent, header.dataset.column);
  Object.assign(option.dataset, label.dataset);
  fields.order.append(option);
});
// Inhabitants stand under the name, so that the table fits beside the map.
fields.order.append(new Option(t("h_inhabitants"), "people"));
fields.order.lastChild.dataset.t = "h_inhabitants";
fields.order.addEventListener("change", () => {
  const header = headers.find((each) => each.dataset.column === fields.order.value);
  sortBy(fields.order.value, header ? header.dataset.first : "descending");
});
fields.find.addEventListener("input", choose);
["municipality", "pressed", "threatened", "listed", "audit", "small"].forEach((id) => fields[id]?.addEventListener("change", choose));
byId("reset").addEventListener("click", () => {
  fields.find.value = "";
  ["pressed", "threatened", "listed", "audit", "small"].forEach((id) => { if (fields[id]) fields[id].checked = false; });
  if (fields.municipality) fields.municipality.value = "";
  corner = "";
  document.querySelectorAll(".corner").forEach((button) => button.setAttribute("aria-pressed", "false"));
  sortBy("rank", "ascending");
});
byId("more").addEventListener("click", () => {
  const first = shown;
  shown += CHUNK;
  draw();
  body.querySelectorAll("a.open")[first]?.focus();
});
const areaUnder = (event) => {
  const found = event.target.closest?.("[data-i]");
  return found ? Number(found.dataset.i) : -1;
};
body.addEventListener("pointerover", (event) => point(areaUnder(event), "list"));
table.addEventListener("pointerleave", () => point(-1, "list"));
body.addEventListener("focusin", (event) => point(areaUnder(event), "list"));
listeners.push((i, from) => {
  if (from === "choice") return;
  body.querySelector("tr.looked")?.classList.remove("looked");
  looked = i;
  body.querySelector(`tr[data-i="${i}"]`)?.classList.add("looked");
});
byId("controls").hidden = false;
renewals.push(draw);
