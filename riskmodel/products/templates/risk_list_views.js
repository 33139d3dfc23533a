// Map, quadrant and municipalities: the same areas, seen another way.
const tip = byId("tip");
const tabs = [...document.querySelectorAll("[role=tab]")];
const showView = (tab) => {
  tabs.forEach((each) => {
    const open = each === tab;
    each.setAttribute("aria-selected", String(open));
    each.tabIndex = open ? 0 : -1;
    byId(each.getAttribute("aria-controls")).classList.toggle("closed", !open);
  });
};
tabs.forEach((tab, place) => {
  byId(tab.getAttribute("aria-controls")).setAttribute("role", "tabpanel");
  tab.addEventListener("click", () => showView(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(place + step + tabs.length) % tabs.length];
    showView(next);
    next.focus();
    event.preventDefault();
  });
});
byId("tabs").hidden = false;
showView(tabs[0]);

// Areas of a drawing: one stop for the Tab key, arrows go to the nearest area in that direction.
const drawing = (svg, group, place) => {
  const items = new Map([...group.children].map((element) => [Number(element.dataset.i), element]));
  let current = items.keys().next().value;
  const reach = (i) => {
    items.get(current)?.setAttribute("tabindex", "-1");
    current = i;
    items.get(i).setAttribute("tabindex", "0");
  };
  const name = () => items.forEach((element, i) => element.setAttribute("aria-label", pointLabel(i)));
  svg.setAttribute("role", "group");
  items.forEach((element) => { element.setAttribute("role", "button"); element.setAttribute("tabindex", "-1"); });
  if (items.size) reach(current);
  renewals.push(name);
  const nearest = (from, dx, dy) => {
    const [x, y] = place(from);
    let found = from, best = Infinity;
    items.forEach((element, i) => {
      if (i === from || element.classList.contains("faded")) return;
      const [ax, ay] = place(i);
      const along = (ax - x) * dx + (ay - y) * dy, aside = Math.abs((ax - x) * dy) + Math.abs((ay - y) * dx);
      if (along <= 0 || aside > 2 * along) return;
      const cost = along + 2 * aside;
      if (cost < best) [best, found] = [cost, i];
    });
    return found;
  };
  const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  group.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      openSheet(current);
      event.preventDefault();
    } else if (ARROWS[event.key]) {
      reach(nearest(current, ...ARROWS[event.key]));
      items.get(current).focus({ preventScroll: true });
      event.preventDefault();
    }
  });
  group.addEventListener("focusin", (event) => { reach(areaUnder(event)); point(current, "drawing"); });
  group.addEventListener("focusout", () => point(-1, "drawing"));
  group.addEventListener("pointerover", (event) => point(areaUnder(event), "drawing"));
  group.addEventListener("pointermove", (event) => placeTip(event.clientX, event.clientY));
  group.addEventListener("pointerleave", () => point(-1, "drawing"));
  let before = null;
  listeners.push((i, from, inside) => {
    if (from === "choice") {
      items.forEach((element, each) => element.classList.toggle("faded", !inside.has(each)));
      return;
    }
    before?.classList.remove("looked");
    before = items.get(i) ?? null;
    before?.classList.add("looked");
  });
  return items;
};

const placeTip = (x, y) => {
  const { offsetWidth: width, offsetHeight: height } = tip;
  tip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - width - 8))}px`;
  tip.style.top = `${Math.max(8, y + 18 + height > innerHeight ? y - height - 12 : y + 18)}px`;
};
const showTip = (i, near) => {
  tip.hidden = i < 0;
  if (i < 0) return;
  tip.replaceChildren(h("b", {}, h("bdi", {}, nameOf(i))), h("span", {}, townOf(i)),
    h("span", {}, silent(i) ? t(`tag_${reasonOf(i)}`) : t("point", { name: t("h_chance"), chance: rows.chance[i], rank: rows.rank[i] }).replace(/^[^,]*, /, "")),
    rows.score[i] === null ? null : h("span", {}, t("tip_score", { score: points(rows.score[i]), name: className(rows.level[i]) })));
  const box = near?.getBoundingClientRect();
  if (box) placeTip(box.left + box.width / 2, box.top + box.height / 2);
};

const mapSvg = byId("map");
const shapes = mapSvg ? (() => {
  const centres = JSON.parse(byId("centres").textContent);
  const group = mapSvg.querySelector(".shapes");
  const items = drawing(mapSvg, group, (i) => centres[i]);
  const [left, top, width, height] = mapSvg.getAttribute("viewBox").split(" ").map(Number);
  const side = Number(mapSvg.dataset.side);
  const view = { x: left, y: top, zoom: 1 };
  const ring = byId("map-ring");
  // What is written on the map keeps its size on the screen, whatever the zoom.
  const place = () => {
    const [w, hgt] = [width / view.zoom, height / view.zoom];
    view.x = Math.max(left, Math.min(view.x, left + width - w));
    view.y = Math.max(top, Math.min(view.y, top + height - hgt));
    mapSvg.setAttribute("viewBox", `${view.x} ${view.y} ${w} ${hgt}`);
    mapSvg.classList.toggle("near", view.zoom > 4);
    const box = mapSvg.getBoundingClientRect();
    const unit = box.width ? Math.max(w / box.width, hgt / box.height) : side / 450 / view.zoom;
    // On the groups and not on the whole, so that thousands of shapes keep their style.
    mapSvg.querySelectorAll(".marks, .names").forEach((group) => group.style.setProperty("--unit", `${unit}px`));
    clear(unit);
    byId("hatch").setAttribute("patternTransform", `rotate(45) scale(${unit})`);
  };
  // Names that would cover one another wait until there is room: first the top of the list, then the municipalities.
  const labels = [...mapSvg.querySelectorAll(".names text")];
  const order = (text) => (text.classList.contains("town") ? 5.5 : Number(text.textContent));
  labels.sort((a, b) => order(a) - order(b));
  const marks = [...mapSvg.querySelectorAll(".marks circle")].map((mark) => [Number(mark.getAttribute("cx")), Number(mark.getAttribute("cy"))]);
  // The name of a municipality may move up or down a little to stay clear of ranks and marks.
  const MOVES = [0, -15, 15, -28, 28];
  const clear = (unit) => {
    const taken = [];
    labels.forEach((text) => {
      const town = text.classList.contains("town");
      const half = (text.textContent.length * 3.7 + 3) * unit;
      const [at, y] = [Number(text.dataset.x ??= text.getAttribute("x")), Number(text.getAttribute("y"))];
      // Near the edge a name moves inwards, so that it can be read whole.
      const [first, last] = [view.x + half, view.x + width / view.zoom - half];
      const x = town && at > view.x && at < view.x + width / view.zoom ? Math.max(first, Math.min(at, last)) : at;
      text.setAttribute("x", x);
      const free = (move) => !taken.some(([ox, oy, other]) => Math.abs(ox - x) < half + other && Math.abs(oy - y - move * unit) < 15 * unit)
        && !(town && marks.some(([ox, oy]) => Math.abs(ox - x) < half + 6 * unit && Math.abs(oy - y - move * unit) < 13 * unit));
      const move = (town ? MOVES : [0]).find(free);
      text.classList.toggle("crowded", move === undefined);
      if (move === undefined) return;
      text.setAttribute("dy", move * unit);
      taken.push([x, y + move * unit, half]);
    });
  };
  const zoomTo = (zoom, x, y) => {
    view.zoom = Math.max(1, Math.min(zoom, 40));
    view.x = x - width / view.zoom / 2;
    view.y = y - height / view.zoom / 2;
    place();
  };
  const middle = () => [view.x + width / view.zoom / 2, view.y + height / view.zoom / 2];
  byId("zoom-in").addEventListener("click", () => zoomTo(view.zoom * 1.6, ...middle()));
  byId("zoom-out").addEventListener("click", () => zoomTo(view.zoom / 1.6, ...middle()));
  byId("zoom-all").addEventListener("click", () => zoomTo(1, left + width / 2, top + height / 2));
  mapSvg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoomTo(view.zoom * (event.deltaY < 0 ? 1.25 : 0.8), ...middle());
  }, { passive: false });
  let grip = null;
  mapSvg.addEventListener("pointerdown", (event) => { grip = { x: event.clientX, y: event.clientY, from: { ...view }, moved: false }; });
  window.addEventListener("pointermove", (event) => {
    if (!grip || view.zoom === 1) return;
    const unit = width / view.zoom / mapSvg.getBoundingClientRect().width;
    const [dx, dy] = [event.clientX - grip.x, event.clientY - grip.y];
    grip.moved ||= Math.hypot(dx, dy) > 4;
    view.x = grip.from.x - dx * unit;
    view.y = grip.from.y - dy * unit;
    place();
  });
  window.addEventListener("pointerup", () => { setTimeout(() => { grip = null; }, 0); });
  group.addEventListener("click", (event) => { if (!grip?.moved) openSheet(areaUnder(event)); });
  // Choosing a municipality brings it near.
  const near = (inside) => {
    const found = centres.filter((centre, i) => centre && inside.has(i));
    if (!found.length || inside.size === count || !fields.municipality?.value) {
      zoomTo(1, left + width / 2, top + height / 2);
      return;
    }
    const boxes = [...inside].filter((i) => items.has(i)).map((i) => items.get(i).getBBox());
    const [x0, x1] = [Math.min(...boxes.map((b) => b.x)), Math.max(...boxes.map((b) => b.x + b.width))];
    const [y0, y1] = [Math.min(...boxes.map((b) => b.y)), Math.max(...boxes.map((b) => b.y + b.height))];
    zoomTo(0.85 * Math.min(width / (x1 - x0 + 1), height / (y1 - y0 + 1)), (x0 + x1) / 2, (y0 + y1) / 2);
  };
  listeners.push((i, from, inside) => {
    if (from === "choice") {
      mapSvg.querySelectorAll(".marks circle, .names .rank").forEach((element) => element.classList.toggle("faded", !inside.has(Number(element.dataset.i))));
      if (fields.municipality) near(inside);
      return;
    }
    const shape = items.get(i);
    if (shape && !shape.id) shape.id = `shape-${i}`;
    ring.setAttribute("href", shape ? `#shape-${i}` : "");
    if (from === "list" || from === "drawing") showTip(from === "drawing" || shape ? i : -1, from === "list" ? null : document.activeElement.dataset?.i ? shape : null);
    if (from === "list") tip.hidden = true;
  });
  document.querySelector(".zoom").hidden = false;
  place();
  new ResizeObserver(place).observe(mapSvg);
  return items;
})() : null;

const quadrantSvg = byId("quadrant");
const dots = quadrantSvg.querySelector(".points");
const dotItems = drawing(quadrantSvg, dots, (i) => {
  const dot = dots.querySelector(`[data-i="${i}"]`);
  return [Number(dot.getAttribute("cx")), Number(dot.getAttribute("cy"))];
});
dots.addEventListener("click", (event) => openSheet(areaUnder(event)));
// The dot that is looked at comes on top of those around it.
listeners.push((i, from) => {
  const dot = dotItems.get(i);
  if (dot && from === "list") dots.append(dot);
  if (from === "drawing" && !shapes) showTip(i, dot);
});
document.querySelectorAll(".corner").forEach((button) => button.addEventListener("click", () => setCorner(button.dataset.corner)));

const strip = byId("strip");
const nameTown = (name) => {
  document.querySelectorAll("[data-town].looked").forEach((element) => element.classList.remove("looked"));
  document.querySelectorAll("[data-town]").forEach((element) => {
    if (name && element.dataset.town === name) element.classList.add("looked");
  });
  const dot = strip && [...strip.querySelectorAll("circle")].find((circle) => circle.dataset.town === name);
  const label = byId("strip-name");
  if (!label) return;
  label.textContent = dot ? name : "";
  if (!dot) return;
  const x = Number(dot.getAttribute("cx"));
  label.setAttribute("x", x);
  label.setAttribute("y", Number(dot.getAttribute("cy")) - 9);
  label.setAttribute("text-anchor", x < 100 ? "start" : x > 500 ? "end" : "middle");
};
const ownTown = () => fields.municipality?.value || byId("strip-name")?.dataset.own;
strip?.addEventListener("pointerover", (event) => nameTown(event.target.dataset?.town ?? ownTown()));
strip?.addEventListener("click", (event) => {
  const name = event.target.dataset?.town;
  if (!name || ![...(fields.municipality?.options ?? [])].some((option) => option.value === name)) return;
  fields.municipality.value = name;
  choose();
});
listeners.push((i, from) => { if (from === "choice") nameTown(ownTown()); });
nameTown(ownTown());
