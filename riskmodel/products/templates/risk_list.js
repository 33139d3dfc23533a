"use strict";
(() => {
  const table = document.getElementById("areas");
  const headers = [...table.tHead.rows[0].cells];
  const areas = [...table.tBodies].filter((body) => body.classList.contains("area"));
  const line = document.getElementById("line");
  const inRankOrder = [...table.tBodies];
  const find = document.getElementById("find");
  const municipality = document.getElementById("municipality");
  const order = document.getElementById("order");
  const pressed = document.getElementById("pressed");
  const threatened = document.getElementById("threatened");
  const unfold = document.getElementById("unfold");
  const status = document.getElementById("status");
  const names = new Intl.Collator("nl", { numeric: true });

  const simple = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const searched = new Map(areas.map((area) => [area, simple(area.rows[0].querySelector(".name").textContent)]));

  // A missing value says nothing about order, so it stays at the end in both directions.
  const compare = (column, sign) => (one, other) => {
    const [a, b] = [one, other].map((area) => area.rows[0].cells[column]);
    if (!("value" in a.dataset)) return sign * names.compare(a.textContent.trim(), b.textContent.trim());
    const [x, y] = [a, b].map((cell) => Number.parseFloat(cell.dataset.value));
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
    return sign * (x - y);
  };

  const sorted = () => headers.findIndex((header) => header.hasAttribute("aria-sort"));
  const byRank = () => headers[0].getAttribute("aria-sort") === "ascending";

  // The line only tells the truth while the areas stand in the order of the list.
  const placeLine = () => {
    if (!line) return;
    const place = inRankOrder.indexOf(line);
    const seen = (bodies) => bodies.some((body) => !body.hidden);
    line.hidden = !(byRank() && seen(inRankOrder.slice(place + 1)));
  };

  const sort = (column, direction) => {
    headers.forEach((header) => header.removeAttribute("aria-sort"));
    headers[column].setAttribute("aria-sort", direction);
    const bodies = byRank() ? inRankOrder : [...areas].sort(compare(column, direction === "ascending" ? 1 : -1));
    table.append(...bodies);
    order.value = String(column);
    placeLine();
  };

  const filter = () => {
    const words = simple(find.value).split(/\s+/).filter(Boolean);
    areas.forEach((area) => {
      const wanted =
        words.every((word) => searched.get(area).includes(word)) &&
        (!municipality || !municipality.value || area.dataset.municipality === municipality.value) &&
        (!pressed.checked || area.dataset.pressed === "1") &&
        (!threatened.checked || area.dataset.threatened === "1");
      area.hidden = !wanted;
    });
    const count = areas.filter((area) => !area.hidden).length;
    status.textContent = count
      ? `U ziet ${count} van de ${areas.length} gebieden.`
      : "Geen gebied past bij uw keuzes. Wis een keuze om meer te zien.";
    placeLine();
  };

  headers.forEach((header, column) => {
    if (!header.dataset.first) return;
    const heading = header.querySelector(".heading");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    // Browsers leave buttons out of a heading row that is repeated on each printed page.
    heading.dataset.label = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const now = header.getAttribute("aria-sort");
      const turned = now === "ascending" ? "descending" : "ascending";
      sort(column, now ? turned : header.dataset.first);
    });
    order.append(new Option(button.textContent, String(column)));
  });

  order.addEventListener("change", () => sort(Number(order.value), headers[order.value].dataset.first));
  find.addEventListener("input", filter);
  [municipality, pressed, threatened].forEach((field) => field?.addEventListener("change", filter));
  document.getElementById("reset").addEventListener("click", () => {
    find.value = "";
    pressed.checked = threatened.checked = false;
    if (municipality) municipality.value = "";
    filter();
    if (sorted() !== 0 || !byRank()) sort(0, "ascending");
  });
  unfold.addEventListener("click", () => {
    const open = unfold.getAttribute("aria-pressed") !== "true";
    unfold.setAttribute("aria-pressed", String(open));
    unfold.textContent = open ? "Klap alle uitleg dicht" : "Klap alle uitleg open";
    table.querySelectorAll("details").forEach((details) => { details.open = open; });
  });

  document.getElementById("controls").hidden = false;
  filter();
})();
