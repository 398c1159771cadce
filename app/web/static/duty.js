// Dragging over days fills the form in; without a script, or by keyboard, the form does the same.
const form = document.querySelector("#override form");
let from = null;

const days = (element) => [...element.closest(".days").querySelectorAll(".day")];

function choose(a, b) {
  const all = days(a);
  const [first, last] = [all.indexOf(a), all.indexOf(b)].sort((x, y) => x - y);
  document.querySelectorAll(".day.chosen").forEach((day) => day.classList.remove("chosen"));
  all.slice(first, last + 1).forEach((day) => day.classList.add("chosen"));
  form.elements.schedule.value = a.closest(".days").dataset.schedule;
  form.elements.start.value = all[first].dataset.start;
  form.elements.end.value = all[last].dataset.end;
}

if (form) {
  document.addEventListener("pointerdown", (event) => {
    const day = event.target.closest?.(".day");
    if (!day || event.button !== 0) return;
    from = day;
    if (event.pointerType === "mouse") event.preventDefault();
    choose(day, day);
  });
  document.addEventListener("pointerover", (event) => {
    const day = event.target.closest?.(".day");
    if (from && day && day.closest(".days") === from.closest(".days")) choose(from, day);
  });
  document.addEventListener("pointercancel", () => { from = null; });
  document.addEventListener("pointerup", () => {
    if (!from) return;
    from = null;
    document.getElementById("override").scrollIntoView({ behavior: "smooth", block: "nearest" });
  });
}
