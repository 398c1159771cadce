/* The page of phones: keeps up with the simulator, decides which phones are in view, and draws the frame around them. */

import { Card, domId } from "./card.js";
import { icon, make, post } from "./dom.js";

const LISTED = 60;
const IN_VIEW = 12;
const DOWN = [["", "up"], ["503", "down: answers 503"], ["500", "answers 500"], ["429", "too many requests"],
  ["hang", "hangs"], ["abort", "breaks off"], ["lost_answer", "does it, answer is lost"]];

const byId = (id) => document.getElementById(id);
const everybody = new Map();
const cards = new Map();
const facts = { quick: { staff: [], customer: [] }, suggestion: "", company: "", hide };
let view = remembered("view");
let hidden = new Set(remembered("hidden") ?? []);
let boot = "";
let version = -1;
let fetching = false;
let again = false;

function remembered(name) {
  try { return JSON.parse(localStorage.getItem(`phones.${name}`)); } catch { return null; }
}

function remember() {
  localStorage.setItem("phones.view", JSON.stringify(view));
  localStorage.setItem("phones.hidden", JSON.stringify([...hidden]));
}

function hide(card) {
  show(`${card.kind} ${card.id}`, false);
}

function show(key, wanted) {
  view = view.filter((other) => other !== key);
  hidden.delete(key);
  if (wanted) view.push(key);
  else hidden.add(key);
  remember();
  draw();
  if (wanted) cards.get(key)?.element.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

async function refresh() {
  if (fetching) { again = true; return; }
  fetching = true;
  try {
    do {
      again = false;
      const answer = await fetch(`/api/state?since=${version}&boot=${boot}`);
      take(await answer.json());
    } while (again);
  } catch {
    live(false);
  } finally {
    fetching = false;
  }
}

function take(state) {
  if (state.boot !== boot) everybody.clear();
  const first = !boot;
  ({ boot, version } = state);
  Object.assign(facts, { quick: state.quick, suggestion: state.suggestion, company: state.company });
  byId("board").href = state.app_url;
  for (const phone of state.phones) everybody.set(`phone ${phone.number}`, { ...phone, kind: "phone", id: phone.number });
  for (const box of state.mailboxes) everybody.set(`mailbox ${box.address}`, { ...box, kind: "mailbox", id: box.address });
  for (const [name, provider] of Object.entries(state.providers)) drawProvider(name, provider);
  if (first && !view?.length) view = firstView(state.cast);
  for (const one of [...state.phones, ...state.mailboxes]) {
    const key = one.number ? `phone ${one.number}` : `mailbox ${one.address}`;
    const busy = one.messages.length || one.talks?.length;
    if (busy && !view.includes(key) && !hidden.has(key) && view.length < IN_VIEW) view.push(key);
  }
  draw();
  if (byId("log").open) drawLog();
}

function firstView(cast) {
  const chosen = cast.map((id) => (id.includes("@") ? `mailbox ${id.toLowerCase()}` : `phone ${id}`));
  if (chosen.length) return chosen;
  const all = [...everybody];
  const phones = (staff, most) => all.filter(([, one]) => one.kind === "phone" && one.staff === staff).slice(0, most).map(([key]) => key);
  return [...phones(false, 1), ...phones(true, 2)];
}

function draw() {
  const room = byId("cards");
  const wanted = view.filter((key) => everybody.has(key) || cards.has(key));
  for (const [key, card] of cards) if (!wanted.includes(key)) { card.element.remove(); cards.delete(key); }
  wanted.forEach((key, index) => {
    const data = everybody.get(key);
    if (!data) return;
    let card = cards.get(key);
    if (!card) cards.set(key, (card = new Card(data.kind, data.id, facts)));
    if (room.children[index] !== card.element) room.insertBefore(card.element, room.children[index] ?? null);
    if (card.data !== data) card.update(data);
  });
  room.querySelector(":scope > .empty")?.remove();
  if (!wanted.length) room.append(make("p", { class: "empty" }, "Nobody is in view. Find somebody in the list."));
  byId("strip").replaceChildren(...wanted.map((key) => {
    const one = everybody.get(key);
    const rings = one.talks?.some((call) => call.asks === "pick_up");
    return make("a", { href: `#${domId(one.kind, one.id)}`, class: rings ? "rings" : "" }, icon(rings ? "call" : one.kind), one.name || one.id);
  }));
  const ringing = wanted.map((key) => everybody.get(key)).filter((one) => one.talks?.some((call) => call.asks === "pick_up"));
  byId("rings").replaceChildren(...ringing.map((one) => make("a", { href: `#${domId(one.kind, one.id)}` }, icon("call"), `${one.name || one.id} is called`)));
  drawPeople();
}

function drawPeople() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const hay = (one) => `${one.name} ${one.title} ${one.group} ${one.id}`.toLowerCase();
  const found = [...everybody].filter(([, one]) => words.every((word) => hay(one).includes(word)));
  found.sort(([a, one], [b, two]) => Boolean(two.messages.length) - Boolean(one.messages.length) || view.includes(b) - view.includes(a));
  const groups = new Map();
  for (const [key, one] of found.slice(0, LISTED)) {
    const group = one.messages.length ? "With messages" : one.group || "Others";
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(make("li", {}, make("button", { type: "button", "aria-pressed": String(view.includes(key)), onclick: () => show(key, !view.includes(key)) },
      make("span", { class: "kind" }, icon(one.kind)),
      make("span", { class: "who" }, one.name || one.id, make("small", {}, one.name ? `${one.title ? `${one.title} \u00b7 ` : ""}${one.id}` : one.group)),
      one.messages.length ? make("span", { class: "count" }, String(one.messages.length)) : null)));
  }
  const rows = [...groups].flatMap(([group, people]) => [make("li", {}, make("h2", {}, group)), ...people]);
  if (found.length > LISTED) rows.push(make("li", { class: "more" }, `and ${found.length - LISTED} more: search for them`));
  if (!found.length) rows.push(make("li", { class: "more" }, "Nobody of that name. Add them below."));
  byId("people").replaceChildren(...rows);
}

function drawProvider(name, provider) {
  const menu = document.querySelector(`[data-provider=${name}]`);
  const set = (change) => post(`/api/providers/${name}`, change);
  let panel = menu.querySelector(".panel");
  if (!panel) {
    const tick = (key) => make("input", { type: "checkbox", "data-key": key, onchange: (e) => set({ [key]: e.target.checked }) });
    panel = make("div", { class: "panel" },
      make("label", {}, "State", make("select", { "data-key": "down", onchange: (e) => set({ down: e.target.value }) },
        ...DOWN.map(([value, words]) => make("option", { value }, words)))),
      make("label", {}, "Seconds to answer", make("input", { type: "number", min: "0", step: "0.5", "data-key": "slow", onchange: (e) => set({ slow: Number(e.target.value) }) })),
      make("label", {}, "Receipts held back", make("input", { type: "checkbox", "data-key": "receipts", onchange: (e) => set({ receipts: e.target.checked ? "manual" : "auto" }) })),
      make("label", {}, "Receipts twice", tick("duplicate")),
      make("label", {}, "Receipts in the wrong order", tick("reorder")),
      make("button", { type: "button", class: "plain", onclick: () => post("/api/receipts/deliver", {}) }, "Deliver held receipts"),
      make("small", {}, name === "twilio" ? "As Twilio would: texts in and out." : "As SendGrid would: mail in and out."));
    menu.append(panel);
  }
  for (const field of panel.querySelectorAll("[data-key]")) {
    if (field === document.activeElement) continue;
    const value = provider[field.dataset.key];
    if (field.type === "checkbox") field.checked = value === true || value === "manual";
    else field.value = String(value);
  }
  const odd = provider.down ? DOWN.find(([value]) => value === provider.down)[1] : provider.slow ? "slow" : provider.receipts === "manual" ? "receipts held" : "";
  menu.classList.toggle("trouble", Boolean(odd));
  menu.querySelector(".state").textContent = odd || "up";
}

async function drawLog() {
  const log = await (await fetch("/api/log")).json();
  const all = [...log.requests, ...log.webhooks].sort((one, two) => two.n - one.n).slice(0, 200);
  byId("log").querySelector("tbody").replaceChildren(...all.map((entry) => {
    const asked = entry.what === "request";
    const what = asked ? `${entry.provider} got ${entry.method} ${entry.path}` : `${entry.kind} webhook to ${entry.url}${entry.attempt > 1 ? ` (attempt ${entry.attempt})` : ""}`;
    const outcome = entry.down ? `provider is ${entry.down}` : [entry.error || entry.status, entry.code, entry.message, entry.field, entry.warning].filter(Boolean).join(" ");
    const bad = entry.down || entry.error || entry.status >= 400;
    return make("tr", { class: bad ? "bad" : "" }, make("td", {}, new Date(entry.at * 1000).toLocaleTimeString()), make("td", {}, what), make("td", {}, outcome));
  }));
}

function live(up) {
  byId("live").textContent = up ? "live" : "reconnecting";
  byId("live").classList.toggle("lost", !up);
}

let source = null;
function listen() {
  source?.close();
  source = null;
  if (document.hidden) return;
  source = new EventSource("/api/changes");
  source.onopen = () => live(true);
  source.onmessage = () => { live(true); refresh(); };
  source.onerror = () => live(false);
}

byId("search").addEventListener("input", drawPeople);
byId("open-log").addEventListener("click", () => { byId("log").showModal(); drawLog(); });
byId("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const id = byId("add-address").value.trim().replace(/[\s().-]/g, (char) => (byId("add-address").value.includes("@") ? char : ""));
  const kind = id.includes("@") ? "mailbox" : "phone";
  try {
    await post(`/api/${kind === "phone" ? "phones" : "mailboxes"}/${encodeURIComponent(id)}`, { name: byId("add-name").value.trim() });
    form.querySelector(".error").textContent = "";
    form.reset();
    await refresh();
    show(`${kind} ${kind === "mailbox" ? id.toLowerCase() : id}`, true);
  } catch (error) {
    form.querySelector(".error").textContent = error.message;
  }
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("visibilitychange", listen);
const wide = matchMedia("(min-width: 801px)");
const unfold = () => { byId("finder").open = wide.matches; };
wide.addEventListener("change", unfold);
unfold();
refresh().then(listen);
