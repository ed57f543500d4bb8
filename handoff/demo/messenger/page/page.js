// A Messenger to play with: one person's thread, the page inbox beside it, and bad days to switch on.

const LOCALES = { fi: "fi_FI", da: "da_DK", en: "en_US" };
const NAMES = { fi: ["Aino", "Virtanen"], da: ["Freja", "Nielsen"], en: ["Emma", "Wilson"] };
const INBOX = 263902037430900;
const LOOK_MS = 700; // between two looks at the thread: it is a demo, and all is on one machine
const MEDIA = ["picture", "sticker", "voice", "file", "location"];
const SWITCHES = ["duplicate", "reorder", "slow", "expired", "broken"];

const texts = await (await fetch("/texts.json")).json();
const $ = (id) => document.getElementById(id);
let language = [new URLSearchParams(location.search).get("lang"), navigator.language.slice(0, 2), "en"]
  .find((one) => one in texts);
let psid = sessionStorage.getItem("psid");
let shown = "";
const switches = {};

const say = (key) => texts[language][key];

function make(name, fields = {}, ...children) {
  const element = Object.assign(document.createElement(name), fields);
  element.append(...children);
  return element;
}

async function ask(path, body) {
  const answer = await fetch(`/control/${path}`, body === undefined ? {} : {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  if (answer.ok) return answer.json();
  throw new Error("impossible");
}

// Does what was asked, says so when it cannot be done, and looks again.
async function attempt(work) {
  try {
    await work();
    $("trouble").textContent = "";
  } catch (error) {
    $("trouble").textContent = say(error.message === "impossible" ? "impossible" : "gone");
  }
  await look();
}

const act = (deed, how = {}) => attempt(() => ask(`people/${psid}/${deed}`, how));

async function arrive() {
  const [first_name, last_name] = NAMES[language];
  psid = (await ask("people", { first_name, last_name, locale: LOCALES[language] })).psid;
  sessionStorage.setItem("psid", psid);
}

function speak() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
  for (const button of document.querySelectorAll("[data-language]"))
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  $("extras").replaceChildren(...MEDIA.map((what) =>
    make("button", { type: "button", textContent: say(what), onclick: () => act("show", { what }) })));
  $("switches").replaceChildren(...SWITCHES.map((name) => {
    const box = make("input", { type: "checkbox", checked: switches[name] ?? false });
    box.onchange = () => { switches[name] = box.checked; attempt(() => turn(name, box)); };
    return make("label", {}, box, ` ${say(name)}`);
  }));
  shown = "";
}

async function turn(name, box) {
  if (name === "slow") return ask("set", { graph_delay_s: box.checked ? 2 : 0 });
  if (name === "expired") return ask("set", { token_expired: box.checked });
  if (name === "broken") {
    box.checked = switches.broken = false; // three messages, then it is over
    return ask("fault", { kind: "error", code: 2, times: 3 });
  }
  return ask("chaos", { duplicate: switches.duplicate ? 3 : 1, reorder: switches.reorder ? 3 : 1 });
}

function attachment({ type, payload }) {
  if (type === "image" || type === "sticker") return make("img", { src: new URL(payload.url).pathname, alt: say("picture") });
  if (type === "audio") return make("audio", { src: new URL(payload.url).pathname, controls: true });
  if (type === "location") return make("span", { textContent: `${payload.coordinates.lat}, ${payload.coordinates.long}` });
  return make("a", { href: new URL(payload.url).pathname, textContent: say("file") });
}

function button(one) {
  if (one.type === "web_url") return make("a", { href: one.url, target: "_blank", rel: "noopener", textContent: one.title });
  if (one.type === "phone_number") return make("a", { href: `tel:${one.payload}`, textContent: one.title });
  return make("button", { type: "button", textContent: one.title, onclick: () => act("press", { title: one.title }) });
}

function bubble(message) {
  const item = make("li", { className: message.by });
  item.append(make("span", { className: "who", textContent: say({ person: "you", app: "page", inbox: "human" }[message.by]) }));
  if (message.unsent) item.append(make("em", { textContent: say("unsent") }));
  if (message.text) item.append(make("p", { textContent: message.text }));
  for (const one of message.attachments ?? []) item.append(attachment(one));
  for (const element of message.elements ?? []) {
    item.append(make("p", {}, make("strong", { textContent: element.title }), ` ${element.subtitle ?? ""}`));
    item.append(...(element.buttons ?? []).map(button));
  }
  item.append(...(message.buttons ?? []).map(button));
  const notes = [message.edits ? say("edited") : "", message.reaction ?? ""].filter(Boolean).join(" ");
  if (notes) item.append(make("small", { textContent: notes }));
  if (!message.unsent) item.append(tools(message));
  return item;
}

function tools(message) {
  const row = make("span", { className: "tools" });
  const tool = (key, sign, work) => row.append(make("button", { type: "button", title: say(key), ariaLabel: say(key), textContent: sign, onclick: work }));
  tool("heart", "❤", () => act("react", { mid: message.mid, emoji: message.reaction ? null : "❤" }));
  if (message.by === "person" && message.text) {
    tool("edit", "✎", () => {
      const text = prompt(say("edit_prompt"), message.text);
      if (text) act("edit", { mid: message.mid, text });
    });
  }
  if (message.by === "person") tool("unsend", "✕", () => act("unsend", { mid: message.mid }));
  return row;
}

function starters(person) {
  if (person.messages.length) return person.offered.map((title) => [title, () => act("tap", { title })]);
  const first = person.get_started ? [[say("start"), () => act("start")]] : [];
  return first.concat(person.ice_breakers.map((question) => [question, () => act("pick", { question })]));
}

function draw(person, state) {
  $("page-name").textContent = state.page;
  $("greeting").textContent = person.greeting ?? "";
  const thread = $("thread");
  const last = person.messages.at(-1);
  thread.replaceChildren(...person.messages.map(bubble));
  if (last?.by === "person" && person.seen_by_page) thread.append(make("li", { className: "sign", textContent: say("seen") }));
  thread.scrollTop = thread.scrollHeight;
  $("typing").hidden = !person.typing;
  $("replies").replaceChildren(...starters(person).map(([title, onclick]) =>
    make("button", { type: "button", textContent: title, onclick })));
  $("replies").append(...(person.messages.length ? person.menu : []).map((title) =>
    make("button", { type: "button", className: "menu", textContent: `☰ ${title}`, onclick: () => act("pick", { question: title }) })));
  $("owner").textContent = say(person.owner === INBOX ? "owner_inbox" : person.owner ? "owner_app" : "owner_none");
  $("done").disabled = person.owner !== INBOX;
  $("clock").hidden = !state.clock_moves;
  const hours = Math.round(state.clock_offset_s / 3600);
  $("offset").textContent = hours ? say("offset").replace("{hours}", hours) : "";
}

async function look() {
  try {
    const state = await ask("state");
    let person;
    try {
      if (!psid) await arrive();
      person = await ask(`people/${psid}`);
    } catch {
      await arrive(); // the demo was started anew and knows nobody
      person = await ask(`people/${psid}`);
    }
    if ($("trouble").textContent === say("gone")) $("trouble").textContent = "";
    // Drawn only when something is new: what is being selected or pressed stays where it is.
    const now = JSON.stringify([person, state.clock_offset_s, language]);
    if (now !== shown) draw(person, state);
    shown = now;
  } catch {
    $("trouble").textContent = say("gone");
  }
}

$("languages").onclick = (event) => {
  if (!event.target.dataset.language) return;
  language = event.target.dataset.language;
  speak();
  look();
};
$("composer").onsubmit = (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  $("text").value = "";
  if (text) act("type", { text });
};
$("inbox").onsubmit = (event) => {
  event.preventDefault();
  const text = $("inbox-text").value.trim();
  $("inbox-text").value = "";
  if (text) attempt(() => ask(`inbox/${psid}/answer`, { text }));
};
$("done").onclick = () => attempt(() => ask(`inbox/${psid}/done`, {}));
$("later").onclick = () => attempt(() => ask("clock", { advance_s: 24 * 3600 }));
$("somebody").onclick = () => attempt(arrive);

speak();
await look();
setInterval(look, LOOK_MS);
