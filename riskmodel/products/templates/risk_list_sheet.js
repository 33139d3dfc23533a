// Area sheets: opened from list, map and quadrant, by address, and printed.
const dialog = byId("sheet");
let unpacked = null;
// Many sheets come packed; they are unpacked when the first is opened.
const unpack = async () => {
  const text = byId("sheets").textContent;
  if (text.startsWith("{")) return JSON.parse(text);
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
};
const sheetsReady = () => (unpacked ??= unpack());

const capital = (name) => name.charAt(0).toUpperCase() + name.slice(1);
const named = (id, label) => capital(english() ? data.labels[id]?.[1] || label : label);
const part = (key, ...children) => h("section", { class: `part ${key}` }, h("h3", {}, t(key)), ...children);
const note = (key, values) => h("p", { class: "note" }, rich(key, values));

const verdict = (i, sheet) => {
  const chance = rows.chance[i];
  if (silent(i) || sheet?.abstain || chance === null) {
    const people = rows.people[i] === null ? t("abstain_unknown") : t("abstain", { people: rows.people[i] });
    return h("section", { class: "verdict abstain" }, h("div", {}, h("h3", {}, t("abstain_title")),
      h("p", {}, reasonOf(i) === "new" ? t("verdict_new") : people)));
  }
  const lowest = reasonOf(i) === "lowest";
  const hits = Math.round(100 * chance);
  const times = chance / about.average;
  const kind = times >= 1.25 ? "verdict_times" : times > 0.8 ? "verdict_same" : "verdict_less";
  const how = interned[rows.kind[i]];
  const inSection = sectionOf(i) === "to_weak" || sectionOf(i) === "weak";
  return h("section", { class: "verdict" }, lowest ? null : hundred(hits), h("div", {},
    lowest ? [h("p", { class: "big" }, t("verdict_lowest")), h("p", {}, t("verdict_lowest_fall", { chance }))]
      : [h("p", { class: "big" }, rich(hits < 1 ? "verdict_low" : "verdict", { count: Math.min(hits, 99) })),
        h("p", {}, t(kind, { average: about.average, times: number(times, times < 9.95 ? 1 : 0) }))],
    inSection && how && !lowest ? h("p", {}, rich(`verdict_${how}`)) : null,
    rows.recover[i] === null ? null : h("p", {}, t("verdict_recover", { chance: rows.recover[i] })),
    rows.other[i] === null || !about.other ? null : h("p", {}, t("verdict_other", { other: about.other, chance: rows.other[i] })),
    sheet ? [h("div", { class: "rank-line", "aria-hidden": "true" }, h("span", {}, "1"), rankDrawing(rows.rank[i], sheet.ranks[0], sheet.ranks[1]), h("span", {}, number(count, 0))),
      h("p", { class: "note" }, rich("ranks", { low: sheet.ranks[0], high: sheet.ranks[1], all: count }))] : null,
    has(i, "audit") ? h("p", { class: "note" }, t("audit_text")) : null));
};

// From the chance of the country to that of the area, group by group, in percentage points.
const chancePart = (i) => {
  const values = data.chanceParts.values[i];
  if (!values) return null;
  const parts = data.chanceParts.groups.map((id, n) => ({ id, value: values[n] / 1000 }))
    .filter((each) => Math.abs(each.value) >= 0.0005).sort((a, b) => b.value - a.value);
  const total = rows.chance[i];
  const end = Math.max(total, about.average, ...parts.map((each) => Math.abs(each.value)), 0.01);
  // What raises a chance is unfavourable, so it has the colour of a fall.
  const row = (label, value, kind, text) => h("tr", { class: kind }, h("th", { scope: "row" }, label),
    h("td", { class: "drawn" }, contributionDrawing(-value, end, true, null, null)), h("td", { class: "figure" }, text));
  return part("chance_why", note("chance_note"),
    h("table", { class: "parts" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "unseen" }, t("part"))),
        h("th", { scope: "col" }, h("div", { class: "sides" }, h("span", { class: "down" }, `◀ ${t("chance_raises")}`), h("span", { class: "up" }, `${t("chance_lowers")} ▶`))),
        h("th", { scope: "col" }, h("span", { class: "unseen" }, t("value"))))),
      h("tbody", {}, row(t("chance_start"), about.average, "base", percent(about.average, 1)),
        parts.map((each) => row(capital(labelOf(each.id).text), each.value, null, signed(100 * each.value, 1))),
        row(t("chance_total"), total, "total", percent(total, 1)))));
};

const trendPart = (i, sheet) => {
  const drawn = trendDrawing(i, sheet.trend, sheet.fan, sheet.levels);
  if (!drawn) return part("trend", h("p", {}, t("trend_none")));
  const [low, high] = [0.1, 0.9].map((level) => quantile(sheet.fan, sheet.levels, level));
  const expected = { year: sheet.fan[0], expected: points(sheet.fan[1]), low: points(low), high: points(high) };
  // What happened, in words: the longer change of the score.
  const long = rows.long[i];
  const told = about.long === null || long === null || Math.abs(long) < 50 ? null
    : h("p", {}, t(long > 0 ? "trend_rose" : "trend_fell", { change: points(long), year: about.long }));
  return part("trend", drawn, told, low === null || sheet.fan[1] === null ? null : h("p", {}, rich("trend_said", expected)), note("trend_note"));
};

const dimensionsPart = (sheet) => {
  if (!sheet.dimensions.length) return null;
  const values = sheet.dimensions.flatMap((row) => [row.value, row.country]).filter((value) => value !== null);
  const end = Math.max(20, ...values.map(Math.abs));
  return part("dimensions",
    note("dimensions_note", { year: sheet.dimensions[0].year ?? "" }),
    h("table", { class: "parts" }, h("thead", { class: "unseen" }, h("tr", {}, h("th", { scope: "col" }, t("part")), h("th", { scope: "col" }, t("this_area")), h("th", { scope: "col" }, t("value")))),
      h("tbody", {}, sheet.dimensions.map((row) => h("tr", {},
        h("th", { scope: "row" }, named(`dimension_${row.id}`, row.label)),
        h("td", { class: "drawn" }, dimensionDrawing(row.value, row.country, end)),
        h("td", { class: "figure" }, signed(points(row.value)), h("span", { class: "unseen" }, ` (${t("country")} ${signed(points(row.country))})`),
          row.change === null || row.since === null ? null : h("span", { class: "sub" }, t("dim_change", { change: points(row.change), since: row.since }))))))),
    h("p", { class: "note" }, t("dim_country")));
};

// What stands behind a driver lies folded under its row; on paper only the row is there.
const behind = (driver) => [
  driver.against === null ? null : h("p", { class: "note" }, rich("against", { value: points(driver.against) })),
  driver.steady || driver.low === null ? null : note("unstable_note", { low: points(driver.low), high: points(driver.high) }),
  driver.behind.length ? h("ul", {}, driver.behind.map((found) => {
    const label = bilingual(found.label);
    return h("li", {}, h("span", { lang: label.lang }, label.text), ": ", h("b", {}, signed(points(found.value))), found.text ? h("span", { class: "sub" }, words(found.text)) : null);
  })) : null,
].filter(Boolean);
const driverRows = (driver, end, still) => {
  const name = named(driver.id, driver.label);
  const more = still ? [] : behind(driver);
  const folded = more.length ? h("tr", { class: "behind", hidden: true }, h("td", { colspan: 3 }, more)) : null;
  const button = folded && h("button", { type: "button", "aria-expanded": "false", click: () => {
    folded.hidden = !folded.hidden;
    button.setAttribute("aria-expanded", String(!folded.hidden));
  } }, name);
  return [h("tr", { class: driver.steady ? null : "unsteady" },
    h("th", { scope: "row" }, button ?? name, driver.steady ? null : h("span", { class: "sub warn" }, `≈ ${t("unstable")}`)),
    h("td", { class: "drawn" }, contributionDrawing(driver.value, end, driver.steady, driver.low, driver.high)),
    h("td", { class: "figure" }, signed(points(driver.value)))), folded];
};
const driversPart = (i, drivers, base, still) => {
  const total = rows.expected[i];
  if (!drivers.length || total === null || drivers.every((driver) => driver.value === null)) return part("drivers", h("p", {}, t("no_drivers")));
  const sum = drivers.reduce((found, driver) => found + driver.value, 0);
  // Thousandths are rounded one by one; a careful reader adds them up.
  const start = base ?? total - sum;
  const gap = total - sum - start;
  const end = Math.max(...drivers.map((driver) => Math.abs(driver.value)), Math.abs(total), Math.abs(start), 5);
  const groups = [["leading", drivers.filter((driver) => !driver.own)], ["own", drivers.filter((driver) => driver.own)]];
  const seen = (list) => list.filter((driver) => driver.value !== 0).sort((a, b) => a.value - b.value);
  const rest = drivers.length - groups.reduce((found, [, list]) => found + seen(list).length, 0);
  const folds = !still && drivers.some((driver) => behind(driver).length);
  return h("details", { class: "part drivers", open: still || !data.chanceParts.values[i] }, h("summary", {}, h("h3", {}, t("drivers"))), note("drivers_note"), folds ? h("p", { class: "note hint" }, t("drivers_hint")) : null,
    h("table", { class: "parts" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "unseen" }, t("part"))),
        h("th", { scope: "col" }, h("div", { class: "sides" }, h("span", { class: "down" }, `◀ ${t("pushes")}`), h("span", { class: "up" }, `${t("holds")} ▶`))),
        h("th", { scope: "col" }, h("span", { class: "unseen" }, t("value"))))),
      h("tbody", {}, h("tr", { class: "base" }, h("th", { scope: "row" }, t("start")), h("td", { class: "drawn" }, contributionDrawing(start, end, true, null, null)), h("td", { class: "figure" }, signed(points(start))))),
      groups.filter(([, list]) => seen(list).length).map(([key, list]) => h("tbody", {},
        h("tr", { class: "group" }, h("th", { scope: "rowgroup", colspan: 3 }, t(key), h("span", { class: "sub" }, ` ${t(`${key}_note`)}`))),
        seen(list).map((driver) => driverRows(driver, end, still)))),
      h("tbody", {},
        rest ? h("tr", { class: "base" }, h("th", { scope: "row" }, t("other")), h("td", { class: "drawn" }), h("td", { class: "figure" }, number(0))) : null,
        h("tr", { class: "total" }, h("th", { scope: "row" }, t("total")), h("td", { class: "drawn" }, contributionDrawing(total, end, true, null, null)), h("td", { class: "figure" }, signed(points(total)))))),
    drivers.some((driver) => driver.low !== null) ? note("spread_key") : null,
    seen(drivers).every((driver) => driver.steady) ? null : note("unstable_key"),
    gap ? h("p", { class: "note" }, t("rounding", { gap: points(Math.abs(gap)) })) : null);
};

const mechanismsPart = (sheet) => part("mechanisms", note("mechanisms_note"), sheet.mechanisms.length
  ? h("ul", { class: "stack" }, sheet.mechanisms.map(([title, text]) => h("li", {}, h("b", {}, words(title)), h("span", {}, words(text)))))
  : h("p", {}, t("mechanisms_none")));

const comparablePart = (sheet) => (sheet.comparable.length ? part("comparable", note("comparable_note"),
  h("table", { class: "plain" }, h("thead", {}, h("tr", {}, ["h_name", "h_score", "h_chance_short"].map((key) => h("th", { scope: "col" }, t(key))))),
    h("tbody", {}, sheet.comparable.map((other) => h("tr", {},
      h("th", { scope: "row" }, other.place >= 0 ? h("a", { href: `#${rows.code[other.place]}` }, h("bdi", {}, other.name)) : h("bdi", {}, other.name), " ", h("span", { class: "sub" }, h("bdi", {}, other.town))),
      h("td", {}, number(points(other.score))), h("td", {}, percent(other.chance === null ? null : other.chance / 100))))))) : null);

// Hits and misses alike: what was said counts as high among the tenth of the country with the highest chance.
const VERDICTS = { "true,true": "past_hit", "true,false": "past_false", "false,true": "past_missed", "false,false": "past_quiet" };
const pastPart = (i, sheet) => {
  if (silent(i) || sheet.abstain) return null;
  if (!sheet.past.length) return part("past", h("p", {}, t("past_never")));
  const judged = sheet.past.map(([, , , rank, of, , happened]) => VERDICTS[[rank <= of / 10, Boolean(happened)]]);
  const times = (key) => judged.filter((each) => each === key).length;
  const [right, wrong, missed] = ["past_hit", "past_false", "past_missed"].map(times);
  const key = right + missed ? "past_sum" : wrong ? "past_well" : "past_calm";
  return part("past",
    h("p", {}, rich(key, { all: judged.length, fell: right + missed, warned: right + wrong, right })),
    h("table", { class: "plain" }, h("thead", {}, h("tr", {}, ["past_from", "past_said", "past_was"].map((each) => h("th", { scope: "col" }, t(each))))),
      h("tbody", {}, sheet.past.map(([year, target, chance, rank, of, change, happened], n) => h("tr", {},
        h("th", { scope: "row" }, t("past_span", { year, target })),
        h("td", {}, t("past_chance", { chance: percent(chance === null ? null : chance / 100) }), h("span", { class: "sub" }, t("past_place", { rank, of }))),
        h("td", {}, t(happened ? "past_yes" : "past_no", { change: points(change) }), h("span", { class: `sub ${judged[n]}` }, t(judged[n]))))))),
    note("past_note"));
};

const factsPart = (i) => part("facts", h("dl", { class: "small-facts" }, [
  ["h_score", `${number(points(rows.score[i]))}, ${className(rows.level[i])}`],
  [about.last === null ? "h_change_before" : "h_change", signed(points(rows.change[i])), { year: about.last }],
  ["h_expected", rows.expected[i] === null ? t("legend_small") : `${signed(points(rows.expected[i]))} (${t("between", { low: points(rows.low[i]), high: points(rows.high[i]) })})`],
  ["h_inhabitants", number(rows.people[i], 0)],
].map(([key, value, values]) => h("div", {}, h("dt", {}, t(key, values ?? {})), h("dd", {}, value)))));

// Short arrays became small objects again, so that what follows can be read.
const readSheet = (i, packed) => {
  const found = packed.sheets[i];
  if (!found) return null;
  const say = packed.interned;
  const [trend, fan, dimensions, drivers, mechanisms, comparable, past, ranks, abstain] = found;
  return {
    trend: [say[trend[0]], trend[1], say[trend[2]], say[trend[3]]], fan, levels: say[fan[2]], ranks, past, abstain: Boolean(abstain),
    dimensions: dimensions.map(([who, value, country, change, year, since]) => ({ id: say[who][0], label: say[who][1], value, country, change, year, since })),
    drivers: drivers.map(([who, value, against, low, high, bits, parts]) => ({
      id: say[who][0], label: say[who][1], value, against, low, high, steady: (bits & 1) !== 0, own: (bits & 2) !== 0,
      behind: parts.map(([label, worth, text]) => ({ label: say[label], value: worth, text: say[text] })),
    })),
    mechanisms: mechanisms.map(([title, text]) => [say[title], say[text]]),
    comparable: comparable.map(([place, name, town, score, chance]) => ({ place, name, town: say[town], score, chance })),
  };
};
const partsOf = (i) => (data.parts[i] ?? []).slice(1).map((value, n) => ({
  id: data.drivers[n][0], label: data.drivers[n][1], value, against: null, low: null, high: null, steady: true, own: Boolean(data.drivers[n][2]), behind: [],
}));

// On paper nothing can be folded out: `still`.
const sheetBody = (i, packed, still) => {
  const sheet = readSheet(i, packed);
  // Nothing is explained of an area too small to say anything.
  const quiet = silent(i) || sheet?.abstain;
  return [
    h("p", { class: "tags" }, tags(i)),
    h("div", { class: "sheet-grid" },
      h("div", { class: "lead-column" }, verdict(i, sheet), quiet ? null : chancePart(i)),
      sheet ? [dimensionsPart(sheet), quiet ? null : mechanismsPart(sheet), quiet ? null : trendPart(i, sheet), comparablePart(sheet), pastPart(i, sheet)] : null,
      quiet ? null : driversPart(i, sheet ? sheet.drivers : partsOf(i), sheet ? null : data.parts[i]?.[0] ?? null, still),
      factsPart(i)),
    h("p", { class: "sheet-limits" }, t("limits_short")),
    h("p", { class: "note" }, t("source_line", { id: about.list, model: about.model, version: about.version, origin: about.origin, made: about.made })),
  ];
};
const heading = (i, id) => [
  h("p", { class: "kicker" }, h("bdi", {}, townOf(i)), ` · ${rows.code[i]} · ${t("place", { rank: rows.rank[i], all: count })}`),
  h("h2", { id, tabindex: "-1" }, h("bdi", {}, nameOf(i))),
];

let open = -1;
const fillSheet = async (i, focus) => {
  const packed = await sheetsReady();
  if (open !== i) return;
  const order = chosen.includes(i) ? chosen : rows.code.map((_, each) => each);
  const at = order.indexOf(i);
  const step = (key, other, sign) => h("button", { type: "button", class: "quiet", id: `sheet-${key}`, disabled: other === undefined,
    click: () => { history.replaceState(null, "", `#${rows.code[other]}`); show(other, key); } }, sign === "<" ? `← ${t(key)}` : `${t(key)} →`);
  dialog.replaceChildren(
    h("div", { class: "sheet-bar" },
      step("previous", order[at - 1], "<"), step("next", order[at + 1], ">"),
      h("span", { class: "gap" }),
      h("button", { type: "button", class: "quiet", id: "sheet-print", click: () => printOne() }, t("print_sheet")),
      h("button", { type: "button", class: "quiet", id: "sheet-close", click: () => dialog.close() }, `✕ ${t("close")}`)),
    h("div", { class: "sheet-page" }, ...heading(i, "sheet-name"), ...sheetBody(i, packed)));
  dialog.scrollTop = 0;
  if (!dialog.open) dialog.showModal();
  const button = focus && byId(`sheet-${focus}`);
  if (button && !button.disabled) button.focus();
  else byId("sheet-name").focus();
};
let opener = null;
const show = (i, focus) => {
  if (open < 0) opener = document.activeElement;
  open = i;
  point(i, "sheet");
  return fillSheet(i, focus);
};
const openSheet = (i) => { if (i >= 0) location.hash = rows.code[i]; };
const fromAddress = () => {
  const i = places.get(decodeURIComponent(location.hash.slice(1)));
  if (i === undefined) {
    if (dialog.open) dialog.close();
  } else if (open !== i) show(i);
};
dialog.addEventListener("close", () => {
  const last = open;
  open = -1;
  document.body.classList.remove("print-one");
  if (places.has(decodeURIComponent(location.hash.slice(1)))) history.replaceState(null, "", location.pathname + location.search);
  // Back to where the reader was, or to the area in the list when that is gone.
  const target = opener?.isConnected && opener !== document.body ? opener : body.querySelector(`tr[data-i="${last}"] a`);
  target?.focus();
  opener = null;
});
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
window.addEventListener("hashchange", fromAddress);
renewals.push(() => { if (open >= 0) fillSheet(open); });

// In print: the list and the sheets of the areas on it, or only the sheet that is open.
const MOST_PRINTED = 50;
const printed = byId("print-sheets");
const printAll = () => {
  if (!unpacked || printed.childElementCount || !ready) return;
  const listed = rows.code.map((_, i) => i).filter((i) => has(i, "listed") || has(i, "audit")).slice(0, MOST_PRINTED);
  printed.replaceChildren(...listed.map((i) => h("article", { class: "printed" }, ...heading(i, null), ...sheetBody(i, ready, true))));
};
let ready = null;
const clearPrinted = () => printed.replaceChildren();
const printOne = () => { document.body.classList.add("print-one"); window.print(); };
// What the list means and where it comes from is on paper too.
const explained = ["uitleg", "methode", "herkomst"].map(byId);
let folded = [];
window.addEventListener("beforeprint", () => {
  document.body.classList.toggle("print-one", dialog.open);
  if (dialog.open) return;
  printAll();
  folded = explained.filter((each) => !each.open);
  folded.forEach((each) => { each.open = true; });
});
window.addEventListener("afterprint", () => {
  document.body.classList.remove("print-one");
  folded.forEach((each) => { each.open = false; });
});
matchMedia("print").addEventListener("change", (event) => { if (event.matches && !dialog.open) printAll(); });
renewals.push(clearPrinted);
// Printing cannot wait, so what it needs is unpacked when the page has nothing better to do.
(window.requestIdleCallback ?? setTimeout)(async () => { ready = await sheetsReady(); });

translate();
fromAddress();
