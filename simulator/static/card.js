/* One phone or mailbox: its head with switches, its messages, and the place to write. */

import { base64, clock, hue, icon, initials, linked, make, post } from "./dom.js";
import { livePanel, pastCall } from "./talk.js";

const PHONE_CODES = [
  [21211, "not a valid number"], [21408, "region not permitted"], [21610, "unsubscribed"], [21611, "queue is full"],
  [21614, "not a mobile number"], [20429, "too many requests"], [20500, "internal error"],
];
const MAIL_CODES = [[400, "bad request"], [401, "wrong key"], [403, "forbidden"], [413, "too large"], [429, "too many requests"], [500, "internal error"]];

const CALLS = [["ring", "rings"], ["busy", "meets a busy line"], ["no_answer", "rings out"], ["voicemail", "meets the voicemail"]];

export class Card {
  constructor(kind, id, facts) {
    this.kind = kind;
    this.id = id;
    this.facts = facts;
    this.path = kind === "phone" ? `/api/phones/${encodeURIComponent(id)}` : `/api/mailboxes/${encodeURIComponent(id)}`;
    this.shown = new Map();
    this.answering = null;
    this.title = make("h2");
    this.subtitle = make("p");
    this.address = make("p");
    this.face = make("span", { class: "face", "aria-hidden": "true" });
    this.flags = make("div", { class: "flags" });
    this.line = make("div", { class: "line-room" });
    this.thread = make("div", { class: "thread", role: "log", tabindex: "0" });
    this.chips = make("div", { class: "chips" });
    this.error = make("p", { class: "error", role: "alert" });
    this.element = make("section", { class: `card ${kind}`, id: domId(kind, id) },
      make("header", {}, this.face, make("div", {}, this.title, this.subtitle, this.address), this.menu()),
      this.flags, this.line, this.thread, this.chips, this.composer());
  }

  menu() {
    const set = (change) => post(this.path, change).catch((error) => this.tell(error));
    this.off = make("input", { type: "checkbox", onchange: (e) => set({ off: e.target.checked }) });
    this.dead = make("input", { type: "checkbox", onchange: (e) => set({ undeliverable: e.target.checked }) });
    const codes = this.kind === "phone" ? PHONE_CODES : MAIL_CODES;
    this.refuse = make("select", { onchange: (e) => set({ refuse: e.target.value ? Number(e.target.value) : null }) },
      make("option", { value: "" }, "no"), ...codes.map(([code, words]) => make("option", { value: String(code) }, `${code} ${words}`)));
    this.calls = make("select", { onchange: (e) => set({ calls: e.target.value }) },
      ...CALLS.map(([value, words]) => make("option", { value }, words)));
    this.other = make("input", { type: "number", min: "1", placeholder: "code", onchange: (e) => set({ refuse: e.target.value ? Number(e.target.value) : null }) });
    return make("details", { class: "menu" }, make("summary", { "aria-label": "Switches" }, "\u22ee"),
      make("div", { class: "panel" },
        make("label", {}, this.kind === "phone" ? "Switched off" : "Mailbox not available", this.off),
        make("label", {}, this.kind === "phone" ? "Number undeliverable" : "Address bounces", this.dead),
        make("label", {}, "Refuse with", this.refuse),
        make("label", {}, "or another code", this.other),
        this.kind === "phone" ? make("label", {}, "A call", this.calls) : null,
        this.kind === "phone" ? make("button", { type: "button", class: "plain", onclick: () => this.dial() }, icon("call"), " Call us") : null,
        make("button", { type: "button", class: "plain", onclick: () => this.facts.hide(this) }, "Take out of view")));
  }

  composer() {
    const label = `Write as ${this.id}`;
    this.words = make("textarea", { rows: "1", "aria-label": label, placeholder: this.kind === "phone" ? "Text" : "Mail",
      onkeydown: (e) => { if (e.key === "Enter" && !e.shiftKey && this.kind === "phone") { e.preventDefault(); this.form.requestSubmit(); } } });
    const send = make("button", { class: "send" }, "Send");
    if (this.kind === "phone") {
      this.file = make("input", { type: "file", class: "hidden", accept: "image/png,image/jpeg,image/gif,image/webp", "aria-label": "Picture",
        onchange: () => clip.classList.toggle("full", this.file.files.length > 0) });
      const clip = make("label", { class: "clip", title: "Add a picture" }, icon("clip"), this.file);
      this.clip = clip;
      this.form = make("form", { class: "write", onsubmit: (e) => this.send(e) }, make("div", { class: "line" }, clip, this.words, send), this.error);
    } else {
      this.subject = make("input", { type: "text", placeholder: "Subject", "aria-label": "Subject", autocomplete: "off" });
      this.reply = make("div", { class: "answering", hidden: true });
      this.form = make("form", { class: "write", onsubmit: (e) => this.send(e) }, this.reply, this.subject,
        make("div", { class: "line plainline" }, this.words, send), this.error);
    }
    return this.form;
  }

  async send(event) {
    event.preventDefault();
    const body = this.words.value.trim();
    this.error.textContent = "";
    try {
      if (this.kind === "phone") {
        const file = this.file.files[0];
        if (!body && !file) return;
        const media = file ? [{ content_type: file.type, b64: await base64(file) }] : [];
        await post("/api/text", { from: this.id, body, media });
        this.file.value = "";
        this.clip.classList.remove("full");
      } else {
        if (!body && !this.subject.value.trim()) return;
        const mail = { from: this.id, text: body };
        if (this.subject.value.trim()) mail.subject = this.subject.value.trim();
        if (this.answering) mail.reply_to_message = this.answering.id;
        await post("/api/mail", mail);
        this.subject.value = "";
        this.answer(null);
      }
      this.words.value = "";
    } catch (error) {
      this.tell(error);
    }
  }

  dial() {
    this.error.textContent = "";
    this.element.querySelector("details.menu").open = false;
    post("/api/call", { from: this.id }).catch((error) => this.tell(error));
  }

  /* The call that is going on now, drawn anew only when something about it has changed. */
  live(calls) {
    const now = calls.findLast((call) => !call.over);
    const stamp = JSON.stringify(now ?? null);
    if (stamp === this.lineStamp) return;
    const said = this.line.querySelector("input")?.value ?? "";
    this.lineStamp = stamp;
    this.line.replaceChildren(...(now ? [livePanel(now, this.facts.company, (error) => this.tell(error))] : []));
    if (said && this.line.querySelector("input")) this.line.querySelector("input").value = said;
    this.element.classList.toggle("is-ringing", now?.asks === "pick_up");
  }

  answer(mail) {
    this.answering = mail;
    this.reply.hidden = !mail;
    this.reply.replaceChildren();
    this.subject.value = mail ? (/^re:/i.test(mail.subject) ? mail.subject : `Re: ${mail.subject}`) : "";
    if (!mail) return;
    this.reply.append(`To ${mail.reply_to || mail.peer}`, make("button", { type: "button", onclick: () => this.answer(null) }, "new mail"));
    this.words.focus();
  }

  tell(error) {
    this.error.textContent = error.message;
  }

  suggest(words) {
    return make("button", { type: "button", title: words, onclick: () => {
      if (this.kind === "mailbox" && !this.answering && !this.subject.value) this.subject.value = words;
      this.words.value = words;
      this.words.focus();
    } }, words);
  }

  update(data) {
    const name = data.name || this.id;
    this.data = data;
    this.title.textContent = name;
    this.title.title = name;
    this.subtitle.textContent = [data.title, data.group].filter(Boolean).join(" \u00b7 ");
    this.subtitle.title = this.subtitle.textContent;
    this.address.textContent = data.name ? this.id : "";
    this.face.textContent = data.name ? initials(data.name) : "";
    if (!data.name) this.face.replaceChildren(icon(this.kind));
    this.face.style.setProperty("--hue", String(hue(data.group || this.id)));
    this.off.checked = data.off;
    this.dead.checked = data.undeliverable;
    if (this.kind === "phone") {
      this.calls.value = data.calls;
      this.live(data.talks);
    }
    const refuse = data.refuse === null ? "" : String(data.refuse);
    const listed = [...this.refuse.options].some((option) => option.value === refuse);
    this.refuse.value = listed ? refuse : "";
    if (document.activeElement !== this.other) this.other.value = listed ? "" : refuse;
    this.element.classList.toggle("is-off", data.off);
    const flags = [
      data.off && (this.kind === "phone" ? "Switched off" : "Not available"),
      data.undeliverable && (this.kind === "phone" ? "Undeliverable" : "Bounces"),
      refuse && `Refused with ${refuse}`,
      data.calls && data.calls !== "ring" && `A call ${CALLS.find(([value]) => value === data.calls)[1]}`,
      data.blocked?.length && "Has texted STOP",
      data.suppressed && "Suppressed after a bounce",
    ].filter(Boolean);
    this.flags.replaceChildren(...flags.map((words) => make("span", { class: "flag" }, words)));
    const first = data.messages.length === 0;
    const quick = first && !data.staff ? [this.facts.suggestion] : this.kind === "phone" && !first ? (data.staff ? this.facts.quick.staff : this.facts.quick.customer) : [];
    if (this.quick !== quick.join("\n")) {
      this.quick = quick.join("\n");
      this.chips.replaceChildren(...quick.map((words) => this.suggest(words)));
    }
    const past = (data.talks ?? []).filter((call) => call.over).map((call) => ({ ...call, talk: true }));
    this.messages(past.length ? [...data.messages, ...past].sort((one, two) => (one.at < two.at ? -1 : 1)) : data.messages);
  }

  messages(list) {
    const atEnd = this.thread.scrollHeight - this.thread.scrollTop - this.thread.clientHeight < 60;
    const before = this.shown.size;
    if (!list.length) {
      this.shown.clear();
      this.thread.replaceChildren(make("p", { class: "hint" }, this.kind === "phone" ? "No texts yet. Write one below." : "No mail yet."));
      return;
    }
    if (!before) this.thread.replaceChildren();
    const present = new Set(list.map((message) => message.id));
    for (const [id, held] of this.shown) if (!present.has(id)) { held.element.remove(); this.shown.delete(id); }
    for (const message of list) {
      const stamp = JSON.stringify(message);
      const held = this.shown.get(message.id);
      if (held?.stamp === stamp) continue;
      const element = message.talk ? pastCall(message) : this.kind === "phone" ? bubble(message) : this.letter(message, held?.element.open ?? false);
      if (held) held.element.replaceWith(element);
      else this.thread.insertBefore(element, this.shown.get(list.slice(list.indexOf(message) + 1).find((later) => this.shown.has(later.id))?.id)?.element ?? null);
      this.shown.set(message.id, { stamp, element });
    }
    if (this.shown.size > before && (atEnd || !before)) requestAnimationFrame(() => { this.thread.scrollTop = this.thread.scrollHeight; });
  }

  letter(mail, open) {
    const out = mail.direction === "from_mailbox";
    const failed = ["bounce", "dropped"].includes(mail.status) || (out && mail.answer && !mail.answer.startsWith("2"));
    const words = mail.body || new DOMParser().parseFromString(mail.html, "text/html").body.textContent;
    return make("details", { class: `mail ${out ? "out" : ""} ${failed ? "failed" : ""}`, open },
      make("summary", {}, make("b", {}, mail.subject || "(no subject)"), make("small", {}, clock(mail.at)),
        make("small", {}, out ? `to ${mail.peer}` : `from ${mail.from}`), make("small", {}, ...(out ? answered(mail) : mailFate(mail)))),
      make("div", { class: "body" }, ...linked(words)),
      out ? null : make("button", { type: "button", class: "plain", onclick: () => this.answer(mail) }, "Reply"));
  }
}

export function domId(kind, id) {
  return `${kind}-${id.replace(/[^A-Za-z0-9]/g, "_")}`;
}

function answered(message) {
  if (!message.answer) return ["sending\u2026"];
  if (message.answer.startsWith("2")) return [make("span", { class: "good", title: `the application answered ${message.answer}` }, "\u2713\u2713")];
  return [make("span", { class: "bad" }, `not taken: ${message.answer}`)];
}

function mailFate(mail) {
  if (mail.status === "delivered") return [make("span", { class: "good", title: "delivered" }, "\u2713\u2713")];
  if (mail.status === "processed") return ["on its way"];
  return [make("span", { class: "bad", title: mail.reason }, mail.status)];
}

function textFate(text) {
  if (text.source === "carrier") return ["from the network"];
  if (text.status === "delivered") return [make("span", { class: "good", title: "delivered" }, "\u2713\u2713")];
  if (text.status === "sent") return [make("span", { title: "sent, not yet delivered" }, "\u2713 waiting")];
  if (text.status === "undelivered") return [make("span", { class: "bad" }, `undelivered ${text.error_code}`)];
  return [text.status];
}

function bubble(text) {
  const out = text.direction === "from_phone";
  const state = out ? (text.answer && !text.answer.startsWith("2") ? "failed" : "") : text.status === "undelivered" ? "failed" : text.status === "delivered" ? "" : "waiting";
  const pictures = text.media.map((m) => m.url.startsWith("/api/media/")
    ? make("img", { src: m.url, alt: "picture", loading: "lazy" })
    : make("a", { href: m.url, target: "_blank", rel: "noopener noreferrer" }, m.url));
  return make("div", { class: `bubble ${out ? "out" : ""} ${state} ${text.source === "carrier" ? "carrier" : ""}` },
    make("div", { class: "words" }, ...pictures, ...linked(text.body)),
    make("div", { class: "meta" }, make("time", { datetime: text.at }, clock(text.at)),
      text.segments > 1 ? make("span", {}, `${text.segments} segments`) : null,
      make("span", {}, ...(out ? answered(text) : textFate(text)))));
}
