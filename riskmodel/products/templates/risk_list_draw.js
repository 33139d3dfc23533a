// Drawings of rows and sheets.
const bar = (value, end, width, height, kind) => {
  const x = ((value + end) / (2 * end)) * width;
  return s("rect", { class: kind, x: Math.min(x, width / 2), y: 0, width: Math.abs(x - width / 2), height });
};

// The interval of the expected change on one scale for the whole page.
const intervalDrawing = (i) => {
  const [low, middle, high] = [rows.low[i], rows.expected[i], rows.high[i]];
  if (low === null || middle === null || high === null) return null;
  const x = (value) => ((value + scaleEnd) / (2 * scaleEnd)) * 180;
  return s("svg", { class: "interval", viewBox: "0 0 180 20", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("line", { class: "track", x1: 0, x2: 180, y1: 10, y2: 10 }),
    low < 0 ? s("rect", { class: "down", x: x(low), y: 5, width: x(Math.min(high, 0)) - x(low), height: 10 }) : null,
    high > 0 ? s("rect", { class: "up", x: x(Math.max(low, 0)), y: 5, width: x(high) - x(Math.max(low, 0)), height: 10 }) : null,
    s("line", { class: "zero", x1: 90, x2: 90, y1: 0, y2: 20 }),
    s("line", { class: "middle", x1: x(middle), x2: x(middle), y1: 2, y2: 18 }));
};

// A hundred areas like this one, those that are expected to decline filled.
const hundred = (filled) =>
  s("svg", { class: "hundred", viewBox: "0 0 100 100", "aria-hidden": "true" },
    Array.from({ length: 100 }, (_, place) =>
      s("rect", { class: place < filled ? "full" : "empty", x: (place % 10) * 10 + 1, y: Math.floor(place / 10) * 10 + 1, width: 8, height: 8, rx: 1.5 })));

const tidyStep = (span, most) => [10, 20, 50, 100, 200, 500].find((step) => span / step <= most) ?? 1000;

// Scores so far and the fan of scores to come; names stand at the lines, moved apart where they would meet.
const quantile = (fan, levels, level) => fan[3][levels.findIndex((found) => Math.abs(found - level) < 1e-9)] ?? null;
const trendDrawing = (i, trend, fan, levels) => {
  const [years, own, town, country] = trend;
  const width = 560, height = 250, left = 46, right = 132, top = 14, bottom = 30;
  const at = (level) => quantile(fan, levels, level);
  const ends = fan[3].filter((value) => value !== null);
  const known = [...own, ...town, ...country, at(0.1), at(0.9), fan[1]].filter((value) => value !== null && value !== undefined);
  if (!known.length) return null;
  const least = Math.min(...known), most = Math.max(...known), step = tidyStep(most - least, 5);
  const low = Math.floor((least - step / 3) / step) * step, high = Math.ceil((most + step / 3) / step) * step;
  const first = years[0], last = fan[0];
  const x = (year) => left + ((year - first) / (last - first)) * (width - left - right);
  const y = (value) => top + ((high - value) / (high - low)) * (height - top - bottom);
  const line = (values, kind) => {
    let open = false;
    const d = values.map((value, n) => {
      if (value === null) { open = false; return ""; }
      const word = `${open ? "L" : "M"}${x(years[n]).toFixed(1)},${y(value).toFixed(1)}`;
      open = true;
      return word;
    }).join("");
    return s("path", { class: `line ${kind}`, d });
  };
  const from = own.at(-1), origin = years.at(-1);
  const wedge = (a, b, kind) => (from === null || at(a) === null || at(b) === null ? null
    : s("path", { class: kind, d: `M${x(origin)},${y(from)}L${x(last)},${y(at(b))}L${x(last)},${y(at(a))}z` }));
  const marks = [];
  for (let value = low; value <= high; value += step) marks.push(value);
  const shown = [
    [own.at(-1), t("this_area"), "own"], [town.at(-1), townOf(i), "town"], [country.at(-1), t("country"), "country"],
  ].filter(([value]) => value !== null);
  // Names end up in order of their value, at least one line of text apart, inside the drawing.
  const labels = shown.map(([value, name, kind]) => ({ y: y(kind === "own" && fan[1] !== null ? fan[1] : value), name, kind })).sort((a, b) => a.y - b.y);
  labels.forEach((label, n) => { label.y = Math.max(label.y, n ? labels[n - 1].y + 16 : top + 4); });
  for (let n = labels.length - 1, floor = height - bottom; n >= 0; n -= 1, floor -= 16) labels[n].y = Math.min(labels[n].y, floor);
  const ticks = years.filter((year, n) => n === 0 || n === years.length - 1 || (years.length <= 8 && x(year) - x(years[n - 1]) > 30));
  const cut = (name) => (name.length > 17 ? `${name.slice(0, 16)}…` : name);
  return s("svg", { class: "trend", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": t("trend_alt", {
      first: points(own.find((value) => value !== null) ?? null), from: years[Math.max(own.findIndex((value) => value !== null), 0)],
      last: points(from), to: origin, year: last, expected: points(fan[1]), low: points(at(0.1)), high: points(at(0.9)),
    }) },
    marks.map((value) => [s("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }),
      s("text", { class: "tick", x: left - 6, y: y(value) + 4 }, number(points(value), 2))]),
    ticks.map((year) => s("text", { class: year === first || (last - year) % 4 === 0 ? "tick year" : "tick year minor", x: x(year), y: height - 10 }, String(year))),
    s("text", { class: "tick year soon", x: x(last), y: height - 10 }, String(last)),
    s("line", { class: "now", x1: x(origin), x2: x(origin), y1: top, y2: height - bottom }),
    wedge(0.1, 0.9, "fan wide"), wedge(0.25, 0.75, "fan narrow"),
    line(country, "country"), line(town, "town"), line(own, "own"),
    own.map((value, n) => (value === null ? null : s("circle", { class: "dot", cx: x(years[n]), cy: y(value), r: 3.5 }))),
    fan[1] === null || from === null ? null : s("path", { class: "line own soon", d: `M${x(origin)},${y(from)}L${x(last)},${y(fan[1])}` }),
    ends.length && fan[1] !== null ? s("circle", { class: "dot soon", cx: x(last), cy: y(fan[1]), r: 4 }) : null,
    labels.map((label) => s("text", { class: `label ${label.kind}`, x: x(last) + 10, y: label.y + 4 }, cut(label.name))));
};

// A value against nought, with a mark for the country.
const dimensionDrawing = (value, country, end) => {
  const width = 200, x = (found) => ((found + end) / (2 * end)) * width;
  return s("svg", { class: "dimension", viewBox: `-6 0 ${width + 12} 16`, "aria-hidden": "true" },
    s("line", { class: "track", x1: 0, x2: width, y1: 8, y2: 8 }),
    s("line", { class: "zero", x1: width / 2, x2: width / 2, y1: 1, y2: 15 }),
    country === null ? null : s("rect", { class: "nation", x: x(country) - 4, y: 4, width: 8, height: 8, transform: `rotate(45 ${x(country)} 8)` }),
    value === null ? null : s("circle", { class: value < 0 ? "low" : "high", cx: x(value), cy: 8, r: 5.5 }));
};

const contributionDrawing = (value, end, steady, low, high) => {
  const width = 200, x = (found) => Math.max(0, Math.min(width, ((found + end) / (2 * end)) * width));
  return s("svg", { class: `contribution${steady ? "" : " unsteady"}`, viewBox: `0 0 ${width} 14`, preserveAspectRatio: "none", "aria-hidden": "true" },
    value === null ? null : s("rect", { class: value < 0 ? "down" : "up", x: Math.min(x(value), width / 2), y: 2, width: Math.abs(x(value) - width / 2), height: 10 }),
    low === null || high === null ? null : s("line", { class: "range", x1: x(low), x2: x(high), y1: 7, y2: 7 }),
    s("line", { class: "zero", x1: width / 2, x2: width / 2, y1: 0, y2: 14 }));
};

const rankDrawing = (rank, low, high) => {
  const width = 200, x = (place) => ((place - 0.5) / count) * width;
  return s("svg", { class: "ranks", viewBox: `-5 0 ${width + 10} 16`, "aria-hidden": "true" },
    s("line", { class: "track", x1: 0, x2: width, y1: 8, y2: 8 }),
    s("line", { class: "range", x1: x(low), x2: Math.max(x(high), x(low) + 2), y1: 8, y2: 8 }),
    s("circle", { cx: x(rank), cy: 8, r: 5 }));
};
