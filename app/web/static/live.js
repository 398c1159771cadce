// Keeps a page live: counts down, reads its part anew when the server says that something changed, sends forms
// without leaving the page. Everything here is an extra: without it the page works by plain links and forms.

const fresh = document.getElementById("fresh");
const live = document.getElementById("live");
const notice = document.getElementById("notice");
const RETRY = 2000;

// Phone clocks lie: times count from what the server said, and when its answer began to arrive.
let ahead = 0;
function readClock(root, at) {
  const told = Number(root.querySelector("[data-now]")?.dataset.now);
  if (told) ahead = told - at;
}

function span(ms) {
  const s = Math.floor(Math.abs(ms) / 1000);
  const two = (n) => String(n).padStart(2, "0");
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  if (s < 86400) return `${Math.floor(s / 3600)}h ${two(Math.floor((s % 3600) / 60))}m`;
  return `${Math.floor(s / 86400)}d ${Math.floor((s % 86400) / 3600)}h`;
}

function tick() {
  const now = Date.now() + ahead;
  for (const timer of document.querySelectorAll("[data-due]")) {
    const left = Number(timer.dataset.due) - now;
    const text = left < 0 ? `-${span(left)}` : span(left);
    if (timer.textContent !== text) timer.textContent = text;
    timer.classList.toggle("over", left < 0);
    timer.classList.toggle("soon", left >= 0 && left < 900000);
    timer.classList.toggle("calm", left >= 900000);
  }
}

// --- reading anew: each part that differs is replaced, but never one that somebody is writing in

let skipped = false; // a part was left as it is, because somebody is writing in it
const seen = new WeakMap(); // element -> the HTML that the server sent for it

// What only follows the clock is no difference: the countdowns run by themselves.
const sign = (part) =>
  part.outerHTML.replace(/ data-now="\d+"/g, "").replace(/<b class="timer[^>]*data-due="(\d+)"[^>]*>[^<]*/g, "<b $1>");

function remember(root) {
  for (const part of root.querySelectorAll("[data-key]")) seen.set(part, sign(part));
}

function typedIn(part) {
  if (part.querySelector(":scope select:focus")) return true;
  return [...part.querySelectorAll("textarea, input:not([type=hidden])")].some(
    (field) => field.value !== field.defaultValue || field === document.activeElement,
  );
}

function place(old, part) {
  const opened = [...old.querySelectorAll("details[open]")].map((each) => each.id);
  const held = old.contains(document.activeElement) ? document.activeElement : null;
  const like = held && `${held.tagName}${held.id ? `#${held.id}` : ""}`;
  const nth = held ? [...old.querySelectorAll(like)].indexOf(held) : -1;
  old.replaceWith(part);
  for (const id of opened) part.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  if (held) (part.querySelectorAll(like)[nth] ?? part.querySelector("a, button"))?.focus({ preventScroll: true });
}

function renew(into, from) {
  const before = new Map([...into.children].filter((c) => c.dataset.key).map((c) => [c.dataset.key, c]));
  let last = null;
  for (const part of [...from.children]) {
    const old = before.get(part.dataset.key);
    before.delete(part.dataset.key);
    let now = part;
    if (old) {
      const html = sign(part);
      const nested = "list" in part.dataset && "list" in old.dataset;
      if (seen.get(old) === html) now = old;
      else if (!nested && typedIn(old)) { now = old; skipped = true; }
      else if (nested) {
        renew(old, part);
        seen.set(old, html);
        now = old;
      } else {
        place(old, part);
        remember(part);
        seen.set(part, html);
      }
    } else {
      remember(part);
      seen.set(part, sign(part));
    }
    const spot = last ? last.nextSibling : into.firstChild;
    if (now !== spot && now.previousElementSibling !== last) into.insertBefore(now, spot);
    else if (now.parentNode !== into) into.insertBefore(now, spot);
    last = now;
  }
  for (const gone of before.values()) if (!typedIn(gone)) gone.remove();
}

const numbers = () => new Set([...fresh.querySelectorAll("[data-new]")].map((row) => row.dataset.key));

function take(html, at) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const part = page.getElementById("fresh") ?? page.body;
  const known = numbers();
  readClock(part, at);
  renew(fresh, part);
  const added = [...fresh.querySelectorAll("[data-new]")].filter((row) => !known.has(row.dataset.key));
  if (added.length) say(`New: ${added.map((row) => row.dataset.new).join("; ")}`);
  tick();
  return page;
}

let reading = false;
let again = false;
async function refresh() {
  if (reading) { again = true; return; }
  reading = true;
  try {
    do {
      again = false;
      const answer = await fetch(fresh.dataset.fragment, { redirect: "error" });
      const at = Date.now();
      if ([401, 404, 410].includes(answer.status)) { location.reload(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      take(await answer.text(), at);
      asOf = new Date();
    } while (again);
  } catch {
    show("reconnecting");
  } finally {
    reading = false;
  }
}

// --- the live dot

let asOf = new Date();
let stream = null;
let retry = 0;

function show(state) {
  if (!navigator.onLine) state = "offline";
  if (live.dataset.state === state) return;
  live.dataset.state = state;
  const time = asOf.toLocaleTimeString([], { hour12: false });
  live.lastElementChild.textContent = state === "live" ? "live" : `${state}, as of ${time}`;
}

function say(text, bad = false) {
  notice.textContent = text;
  notice.classList.toggle("bad", bad);
  notice.hidden = !text;
}

function listen() {
  clearTimeout(retry);
  stream?.close();
  if (document.hidden) return;
  stream = new EventSource(fresh.dataset.stream);
  stream.addEventListener("open", () => { show("live"); refresh(); });
  stream.addEventListener("board", () => { show("live"); refresh(); });
  stream.addEventListener("error", () => {
    show("reconnecting");
    stream.close();
    // Reading comes first: it notices when the session or the link is over.
    retry = setTimeout(() => { refresh(); listen(); }, RETRY + Math.random() * RETRY);
  });
}

// A browser has few connections for each server: a page that nobody sees gives its own back.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) listen();
  else { clearTimeout(retry); stream?.close(); }
});
addEventListener("offline", () => show("offline"));
addEventListener("online", () => { show("reconnecting"); listen(); });
addEventListener("pagehide", () => stream?.close());

// --- forms

fresh.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const button = event.submitter ?? form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body });
    const at = Date.now();
    const html = await answer.text();
    if (!answer.ok || !html.includes('id="fresh"')) {
      document.open();
      document.write(html);
      document.close();
      return;
    }
    form.reset();
    form.closest("details")?.removeAttribute("open");
    const told = take(html, at).getElementById("notice")?.textContent.trim();
    if (told) say(told);
  } catch {
    say("NOT sent: no connection. Escalation goes on. Answer the text on your phone, or try again.", true);
  } finally {
    button.disabled = false;
  }
});

fresh.addEventListener("focusout", () => {
  if (skipped) { skipped = false; setTimeout(refresh, 300); }
});

// The filters apply by themselves.
fresh.addEventListener("change", (event) => {
  if (event.target.form?.method === "get") event.target.form.requestSubmit();
});

// --- keys

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select")) return;
  const rows = [...document.querySelectorAll(".row")];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  if (event.key === "j" || event.key === "k") {
    const next = rows[at < 0 ? 0 : Math.min(Math.max(at + (event.key === "j" ? 1 : -1), 0), rows.length - 1)];
    next?.querySelector("h3 a").focus();
  } else if (event.key === "a" && at >= 0) {
    rows[at].querySelector(".go button")?.click();
  }
});

const began = performance.getEntriesByType("navigation")[0]?.responseStart ?? performance.now();
document.documentElement.classList.add("js");
readClock(document, performance.timeOrigin + began);
remember(fresh);
live.hidden = false;
listen();
tick();
setInterval(tick, 500);
