"use strict";
{
  const label = document.getElementById("search");
  const input = label.querySelector("input");
  const cards = [...document.querySelectorAll(".card")].map((card) => [
    card,
    card.querySelector("header").textContent.toLowerCase(),
    document.getElementById(card.id.replace(/^rev-/, "row-").replace(/^table-/, "box-")),
  ]);
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const [card, text, drawn] of cards) {
      const matches = words.every((word) => text.includes(word));
      card.hidden = !matches;
      drawn?.classList.toggle("faded", !matches);
    }
  };
  input.addEventListener("input", filter);
  label.hidden = false;
  filter();
}
