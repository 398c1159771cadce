/* One voice call on a phone: what rings, what is heard, and the keys. */

import { clock, icon, make, post } from "./dom.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const ENDS = { busy: "declined or busy", "no-answer": "nobody picked up", failed: "did not get through", canceled: "cancelled" };

/* The panel of the call that is going on; `tell` shows an error. */
export function livePanel(call, company, tell) {
  const act = (deed, words = "") => post(`/api/calls/${call.id}/${deed}`, { words }).catch(tell);
  const button = (label, deed, look) => make("button", { type: "button", class: look, onclick: () => act(deed) }, label);
  if (call.asks === "pick_up") {
    return make("div", { class: "call ringing", role: "group", "aria-label": "Incoming call" },
      make("p", { class: "who" }, icon("call"), make("b", {}, "Incoming call"), make("small", {}, company || call.number)),
      make("div", { class: "row" }, button("Answer", "answer", "answer"), button("Decline", "decline", "decline"), button("Let it ring out", "ignore", "quiet")));
  }
  const words = make("input", { type: "text", placeholder: "Say something", "aria-label": "Say something", autocomplete: "off" });
  const speak = make("form", { class: "say", onsubmit: (e) => { e.preventDefault(); if (words.value.trim()) act("say", words.value.trim()); } }, words, make("button", { class: "answer" }, "Say"));
  const pad = make("div", { class: "pad" }, ...KEYS.map((key) => make("button", { type: "button", "aria-label": `Key ${key}`, onclick: () => act("press", key) }, key)));
  return make("div", { class: "call", role: "group", "aria-label": "Call in progress" },
    make("p", { class: "who" }, icon("call"), make("b", {}, call.machine ? "Voicemail answers" : "On the phone"), make("small", {}, company || call.number)),
    make("div", { class: "heard", "aria-live": "polite" }, ...call.heard.slice(-2).map((line) => make("p", {}, line))),
    call.asks === "words" || call.asks === "talk" ? speak : null,
    call.asks === "keys" || call.asks === "talk" ? pad : null,
    make("div", { class: "row" }, button("Hang up", "hang_up", "decline"), call.asks === "keys" || call.asks === "words" ? button("Say nothing", "silence", "quiet") : null));
}

/* A call that is over, as a line of the thread. */
export function pastCall(call) {
  const out = call.direction === "from_phone";
  const talked = Boolean(call.answered_at);
  const who = call.machine ? "Voicemail answered" : out ? "You called" : talked ? "You picked up" : "Missed call";
  const end = talked ? (call.said.length ? `you: ${call.said.join(", ")}` : "no key") : ENDS[call.status] ?? call.status;
  return make("details", { class: `bubble talk ${out ? "out" : ""} ${talked ? "" : "failed"}` },
    make("summary", { class: "words" }, icon("call"), make("span", {}, `${who} \u00b7 ${end}`)),
    make("div", { class: "transcript" }, ...call.heard.map((line) => make("p", {}, line)), call.error ? make("p", { class: "bad" }, call.error) : null),
    make("div", { class: "meta" }, make("time", { datetime: call.at }, clock(call.at))));
}
