"use strict";
(() => {
  const wrong = document.getElementById("fouten");
  if (wrong) wrong.focus();

  const more = document.getElementById("meer");
  const places = document.getElementById("plaatsen");
  if (more && places) {
    const renumber = () => {
      [...places.children].forEach((place, index) => {
        const input = place.querySelector("input");
        const name = `Gemeente of regio${index ? ` ${index + 1}` : ""}`;
        input.id = `gemeente-${index + 1}`;
        place.querySelector("label").htmlFor = input.id;
        place.querySelector("label").textContent = name;
        const away = place.querySelector("button");
        if (away) away.setAttribute("aria-label", `Haal ${name} weg`);
      });
    };
    const removable = (place) => {
      const away = document.createElement("button");
      away.type = "button";
      away.className = "quiet";
      away.textContent = "Weg";
      away.addEventListener("click", () => {
        place.remove();
        renumber();
        places.lastElementChild.querySelector("input").focus();
      });
      place.querySelector(".line").append(away);
    };
    [...places.children].slice(1).forEach(removable);
    more.addEventListener("click", (event) => {
      event.preventDefault();
      if (places.children.length >= 40) return;
      const place = places.firstElementChild.cloneNode(true);
      place.classList.remove("bad");
      place.querySelectorAll(".error").forEach((each) => each.remove());
      const input = place.querySelector("input");
      input.value = "";
      input.removeAttribute("aria-invalid");
      input.setAttribute("aria-describedby", "waar-uitleg");
      removable(place);
      places.append(place);
      renumber();
      input.focus();
    });
    renumber();
  }

  const make = document.getElementById("maak");
  if (make) {
    const words = make.textContent;
    make.form.addEventListener("submit", (event) => {
      if (event.submitter && event.submitter !== make) return;
      make.setAttribute("aria-disabled", "true");
      make.textContent = make.dataset.busy;
      document.getElementById("bezig").textContent = "Dit duurt meestal een paar seconden.";
    });
    // Who comes back finds the page as it was left, with a button that says it is busy.
    window.addEventListener("pageshow", () => {
      make.removeAttribute("aria-disabled");
      make.textContent = words;
      document.getElementById("bezig").textContent = "";
    });
  }
})();
