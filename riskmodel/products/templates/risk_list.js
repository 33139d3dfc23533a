// Data, texts and numbers: what every other part of the page builds on.
const byId = (id) => document.getElementById(id);
const dataElement = byId("data");
const data = JSON.parse(dataElement.textContent);
const { about, rows, interned, texts } = data;
const count = rows.code.length;
const scaleEnd = Math.round(Number(dataElement.dataset.scale) * 1000);
const capacityLine = dataElement.dataset.line === "" ? null : Number(dataElement.dataset.line);
const places = new Map(rows.code.map((code, i) => [code, i]));
const FLAG = { pressed: 1, threatened: 2, small: 4, listed: 8, audit: 16 };
const has = (i, flag) => (rows.flags[i] & FLAG[flag]) !== 0;

let language = "nl";
const english = () => language === "en";

const MINUS = "\u2212";
// Making a formatter takes far longer than using one, and a country has many numbers.
const formatters = new Map();
const fixed = (size, decimals) => {
  const key = `${language}${decimals}`;
  if (!formatters.has(key)) {
    formatters.set(key, new Intl.NumberFormat(english() ? "en-GB" : "nl-NL", {
      minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: "always",
    }));
  }
  return formatters.get(key).format(size);
};
const number = (value, decimals = 3) => {
  if (value === null || value === undefined) return t("unknown");
  const shown = fixed(Math.abs(value), decimals);
  return (value < 0 && /[1-9]/.test(shown) ? MINUS : "") + shown;
};
const signed = (value, decimals = 3) => {
  const shown = number(value, decimals);
  return value > 0 && /[1-9]/.test(shown) ? `+${shown}` : shown;
};
// A chance is never shown as certain or impossible.
const percent = (value, decimals = 0) => {
  if (value === null || value === undefined) return t("unknown");
  const step = 10 ** -decimals;
  const rounded = Math.round((100 * value) / step) * step;
  if (rounded < step / 2) return `${english() ? "less than" : "minder dan"} ${fixed(step, decimals)}%`;
  if (rounded > 100 - step / 2) return `${english() ? "more than" : "meer dan"} ${fixed(100 - step, decimals)}%`;
  return `${fixed(rounded, decimals)}%`;
};
const day = (text) =>
  new Intl.DateTimeFormat(english() ? "en-GB" : "nl-NL", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" })
    .format(new Date(`${text}T00:00:00Z`));
const list = (parts) => (parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} ${english() ? "and" : "en"} ${parts.at(-1)}`);
const FORMS = {
  n0: (value) => number(value, 0),
  n2: (value) => number(value, 2),
  n3: (value) => number(value, 3),
  s3: (value) => signed(value, 3),
  p: (value) => percent(value),
  ps: (value) => percent(value, 1).replace(/[.,]0%/, "%"),
  one: (value) => `1 ${english() ? "in" : "op de"} ${number(1 / value, 0)}`,
  d: day,
  g: (value) => String(value).replace(".", english() ? "." : ","),
  list,
  shares: (values) => list(values.map((value) => (value === null ? t("unknown") : `${value}%`))),
};
// Numbers of score points come in thousandths.
const points = (value) => (value === null || value === undefined ? null : value / 1000);

// A number with its unit, rounded as it is shown; a whole percentage has no decimals.
const amount = ([value, unit, sign]) => {
  if (value === null) return "";
  const [dutch, inEnglish, decimals] = data.units[unit] ?? ["{}", "{}", 1];
  const size = fixed(Math.abs(value), dutch.includes("%") && Number.isInteger(value) ? 0 : decimals);
  return (value < 0 ? MINUS : sign && value > 0 ? "+" : "") + (english() ? inEnglish : dutch).replace("{}", size);
};
// A value without a form: an amount, another sentence, or text.
const words = (value) => {
  if (Array.isArray(value)) return amount(value);
  return value !== null && typeof value === "object" ? t(value.t, value.p) : String(value);
};
const fillIn = (text, values) =>
  text.replace(/\{([\w.]+)(?::(\w+)|\|([^|}]*)\|([^}]*))?\}/g, (_, name, form, one, many) => {
    const value = values[name];
    if (one !== undefined) return value === 1 ? one : many;
    return form ? FORMS[form](value) : words(value);
  });
// A text in the words of the event, where it has them.
const textOf = (key) => (texts[`${key}_${about.family}`] ?? texts[key])[english() ? 1 : 0];
const t = (key, values = {}) => fillIn(textOf(key), values).replaceAll("**", "");
// Names are put in as text, never as markup.
const rich = (key, values = {}) =>
  textOf(key).split(/\*\*(.+?)\*\*/).map((part, i) => {
    const shown = fillIn(part, values);
    return i % 2 ? h("b", {}, shown) : shown;
  });

// A name in Dutch and English, and in which language it is shown when that is not the language of the page.
const bilingual = ([dutch, inEnglish]) => ({ text: (english() && inEnglish) || dutch, lang: english() && !inEnglish ? "nl" : null });
const labelOf = (id) => bilingual(data.labels[id]);

const SVG = "http://www.w3.org/2000/svg";
const put = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
};
const h = (name, attributes = {}, ...children) => put(document.createElement(name), attributes, children);
const s = (name, attributes = {}, ...children) => put(document.createElementNS(SVG, name), attributes, children);

const nameOf = (i) => rows.name[i] || t("nameless");
const townOf = (i) => interned[rows.town[i]] || t("townless");
const className = (level) => (level === null ? t("class_unknown") : t("class_of", { name: t(`class_${level}`), level }));
const reasonOf = (i) => interned[rows.reason[i]];
const sectionOf = (i) => interned[rows.section[i]];
// Nothing is said of areas too small, or whose score has a short history.
const silent = (i) => reasonOf(i) === "small" || reasonOf(i) === "new";
const pointLabel = (i) =>
  silent(i) ? t("point_small", { name: nameOf(i) })
    : t("point", { name: nameOf(i), chance: rows.chance[i], rank: rows.rank[i] });

const VERDICT_TAGS = { threatens: "threatened", raised: "raised", uncertain: "uncertain" };
const verdictTag = (i) => VERDICT_TAGS[interned[rows.verdict[i]]];
const tagsOf = (i) => [
  reasonOf(i) ? ["small", `tag_${reasonOf(i)}`] : null,
  verdictTag(i) ? [verdictTag(i), `tag_${verdictTag(i)}`] : null,
  has(i, "pressed") ? ["pressed", "tag_pressed"] : null,
  has(i, "audit") ? ["audit", "tag_audit"] : null,
].filter(Boolean);
const tags = (i) => tagsOf(i).map(([kind, key]) => h("span", { class: `tag ${kind}` }, t(key)));

// Everything that must be written again in another language.
const renewals = [];
const translate = () => {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-t]")) {
    const values = element.dataset.p ? JSON.parse(element.dataset.p) : {};
    if (element instanceof SVGElement || element instanceof HTMLOptionElement) element.textContent = t(element.dataset.t, values);
    else element.replaceChildren(...rich(element.dataset.t, values));
  }
  for (const element of document.querySelectorAll("[data-ta]")) {
    const [name, key] = element.dataset.ta.split(":");
    element.setAttribute(name, t(key));
  }
  const title = english() ? about.title.replace(/^Risicolijst/, "Risk list").replace(/ Nederland$/, " Netherlands") : about.title;
  byId("title").textContent = document.title = title;
  document.querySelectorAll("dd.title").forEach((element) => { element.textContent = title; });
  byId("question").textContent = t("question", about);
  document.querySelectorAll(".only-en").forEach((element) => { element.hidden = !english(); });
  const button = byId("language");
  button.textContent = t("switch");
  button.lang = english() ? "nl" : "en";
  renewals.forEach((renew) => renew());
};
byId("language").addEventListener("click", () => {
  language = english() ? "nl" : "en";
  translate();
});
byId("print").addEventListener("click", () => window.print());
document.querySelector(".print-sheets-now")?.addEventListener("click", () => window.print());
document.documentElement.classList.add("js");
document.querySelectorAll(".tools, .js-only").forEach((element) => { element.hidden = false; });
byId("plain-sheets")?.remove();
// Thousands of rows that nobody will see need not be laid out before the first measure of the map.
byId("rows").replaceChildren();

// Which area is looked at: table, map and quadrant all listen.
const listeners = [];
const point = (i, from) => listeners.forEach((listen) => listen(i, from));
