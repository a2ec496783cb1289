"use strict";
// Everything that comes from an article is set as text, never as HTML.
const page = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const gallery = byId("gallery"), search = byId("search"), detail = byId("detail");
const states = new Map(page.states.map((state) => [state.name, state]));

const VIEWS = [
  ["article", "Header"],
  ["listing", "Listing"],
  ["link", "Link card"],
  ["social", "Social"],
  ["square", "Square"],
  ["phone", "Phone"],
];

const MOCKS = [
  { kind: "article", name: "Article head", size: `${page.width} × ${page.height}` },
  { kind: "phone", name: "Phone", size: "390 px wide" },
  { kind: "listing", name: "Listing", size: "middle {{header_width}} × {{listing_height}}" },
  { kind: "link", name: "Link card", size: "{{link_card_margin}} px less at each side" },
  { kind: "social", name: "Social card", size: "1.91 : 1" },
  { kind: "square", name: "Square", size: "1 : 1" },
];

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const language = (text) => (/[\u3040-\u30ff]/.test(text) ? "ja" : null);
const titled = (tag, text, more = {}) => make(tag, { lang: language(text), ...more }, text);
const label = (article) => states.get(article.state).label;

function bytes(count) {
  if (count === null) return null;
  return count < 1e6 ? `${Math.max(1, Math.round(count / 1e3))} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

function exactly(count) {
  return count === null ? null : `${count.toLocaleString("en")} bytes (${bytes(count)})`;
}

function stateMark(article) {
  return make("span", { class: "state", "data-state": article.state },
    make("span", { class: "dot", "aria-hidden": "true" }), label(article));
}

function picture(article, alt) {
  if (article.thumbnail) return make("img", { alt, decoding: "async", src: article.thumbnail });
  return make("span", { class: "empty", "data-state": article.state },
    make("b", {}, label(article)), titled("span", article.prompt || article.notes[0] || states.get(article.state).meaning));
}

// --- the gallery ---------------------------------------------------------------------------

function card(article, index) {
  const frame = make("span", { class: "frame" });
  const text = make("span", { class: "words" },
    titled("h2", article.title),
    make("span", { class: "line" }, stateMark(article),
      article.size ? make("span", {}, bytes(article.size)) : null,
      make("span", { class: "path" }, make("bdi", {}, article.path))));
  const link = make("a", { class: "card", href: `#${index + 1}` }, frame, text);
  const item = make("li", { "data-state": article.state }, link);
  return { article, index, item, link, frame, shown: true,
    haystack: [article.title, article.path, article.prompt, article.model].join("\n").normalize("NFKC").toLowerCase() };
}

const cards = page.articles.map(card);
const cardOf = new Map(cards.map((each) => [each.item, each]));

// A thousand pictures are decoded as they come near, not at once.
const nearby = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((each) => each.isIntersecting)) {
    const { frame, article } = cardOf.get(entry.target);
    frame.replaceChildren(picture(article, article.alt || ""));
    nearby.unobserve(entry.target);
  }
}, { rootMargin: "800px" });

function filter() {
  const words = search.value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = pressed(byId("states"));
  for (const each of cards) {
    each.shown = (!chosen || each.article.state === chosen) && words.every((word) => each.haystack.includes(word));
    each.item.hidden = !each.shown;
  }
  const count = visible().length;
  byId("count").textContent = count === cards.length ? plural(count) : `${count} of ${plural(cards.length)}`;
  byId("nothing").hidden = count > 0;
}

const visible = () => cards.filter((each) => each.shown);
const plural = (count) => (count === 1 ? "1 article" : `${count.toLocaleString("en")} articles`);
const pressed = (group) => group.querySelector('[aria-pressed="true"]')?.value ?? "";

function press(group, value) {
  for (const button of group.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String((button.value || button.dataset.reader) === value));
  }
}

function chips() {
  const group = byId("states");
  const all = make("button", { class: "chip", type: "button", value: "" }, "All ", make("span", { class: "number" }, String(cards.length)));
  const rows = page.states.map((state) => [state, cards.filter((each) => each.article.state === state.name).length]);
  group.append(all, ...rows.filter(([, count]) => count).map(([state, count]) => make("button",
    { class: "chip", type: "button", value: state.name, "data-state": state.name, title: state.meaning },
    make("span", { class: "dot", "aria-hidden": "true" }), state.label, make("span", { class: "number" }, String(count)))));
  group.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) { press(group, button.value); filter(); }
  });
  press(group, "");
}

function viewButtons() {
  const group = byId("views");
  group.append(...VIEWS.map(([value, name]) => make("button", { type: "button", value }, name)));
  group.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) { press(group, button.value); gallery.dataset.view = button.value; }
  });
  press(group, "article");
}

function reset() {
  search.value = "";
  press(byId("states"), "");
  filter();
}

// --- one article ----------------------------------------------------------------------------

function mock({ kind, name, size }, article) {
  const shot = make("div", { class: "shot" }, picture(article, kind === "article" ? article.alt || `Header of ${article.title}` : ""));
  const copy = kind === "square" ? null : make("div", { class: "copy" }, titled("h3", article.title));
  if (kind === "article" || kind === "phone") {
    copy.append(make("div", { class: "by" }), ...[0, 1, 2].map(() => make("div", { class: "text" })));
  } else if (copy) {
    copy.append(make("p", { class: "host" }, page.site));
  }
  return make("figure", { class: "mock", "data-kind": kind },
    make("figcaption", {}, make("b", {}, name), make("span", {}, size)),
    make("div", { class: "reader" }, shot, copy));
}

function facts(article) {
  const rows = [
    ["Prompt", article.prompt],
    ["Negative prompt", article.negative_prompt],
    ["Title card", article.card],
    ["Sources", article.sources.join("\n"), "code"],
    ["Model", article.model, "code"],
    ["Seed", article.seed, "code"],
    ["Picture", article.image, "code"],
    ["Size", [article.pixels, exactly(article.size)].filter(Boolean).join("\n")],
    ["Alternative text", article.alt],
  ].filter(([, value]) => value);
  return [
    stateMark(article),
    make("p", { class: "meaning" }, states.get(article.state).meaning),
    article.notes.length ? make("ul", { class: "notes" }, ...article.notes.map((note) => make("li", {}, note))) : null,
    article.command ? make("p", { class: "command" }, article.command) : null,
    make("dl", {}, ...rows.map(([name, value, kind]) => make("div", {},
      make("dt", {}, name), titled("dd", String(value), { class: kind ?? null })))),
    ...candidates(article),
  ].filter(Boolean);
}

// A candidate that is chosen takes the header's place in all that readers meet.
function candidates(article) {
  if (!article.candidates.length) return [];
  const command = make("p", { class: "command" });
  const buttons = article.candidates.map((each) => make("button", { type: "button", value: each.number },
    make("span", { class: "frame" }, make("img", { alt: "", src: each.thumbnail, decoding: "async" })),
    make("span", {}, make("b", {}, String(each.number)), ` ${each.what}`)));
  const list = make("ol", { class: "candidates" }, ...buttons.map((button) => make("li", {}, button)));
  const choose = (number) => {
    press(list, number);
    const chosen = article.candidates.find((each) => String(each.number) === number);
    setStage(chosen ? { ...article, thumbnail: chosen.thumbnail, alt: `Candidate ${number}` } : article);
    command.textContent = `${article.pick} ${number || "NUMBER"}`;
  };
  list.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) choose(button.value === pressed(list) ? "" : button.value);
  });
  choose("");
  return [make("h3", {}, "Candidates"), list, command];
}

const setStage = (article) => byId("stage").replaceChildren(...MOCKS.map((row) => mock(row, article)));

let opened = null;

function show(each) {
  const { article } = each;
  opened = each;
  const title = byId("detail-title");
  title.textContent = article.title;
  title.lang = language(article.title) ?? "en";
  byId("detail-path").textContent = article.path;
  setStage(article);
  byId("facts").replaceChildren(...facts(article));
  byId("stage").scrollTop = byId("facts").scrollTop = 0;
  for (const [id, by] of [["previous", -1], ["next", 1]]) byId(id).disabled = !beside(each, by);
  if (!detail.open) { detail.showModal(); title.focus(); }
}

function beside(each, by) {
  const among = visible();
  const at = among.indexOf(each);
  return at < 0 ? among[0] : among[at + by];
}

function turn(by) {
  const target = beside(opened, by);
  if (target) location.replace(`#${target.index + 1}`);
}

// The address names the open article, so that back, forward and reload do what they say.
function followAddress() {
  const each = cards[Number(location.hash.slice(1)) - 1];
  if (each) show(each);
  else if (detail.open) detail.close();
}

detail.addEventListener("close", () => {
  const { link } = opened;
  if (cards[Number(location.hash.slice(1)) - 1]) history.replaceState(null, "", location.pathname + location.search);
  link.focus({ preventScroll: false });
});
detail.addEventListener("click", (event) => { if (event.target === detail) detail.close(); });
byId("close").addEventListener("click", () => detail.close());
byId("previous").addEventListener("click", () => turn(-1));
byId("next").addEventListener("click", () => turn(1));
addEventListener("hashchange", followAddress);

// --- light and dark -------------------------------------------------------------------------

const systemDark = matchMedia("(prefers-color-scheme: dark)");
const THEMES = ["auto", "light", "dark"];
const remembered = { // a page that is opened as a file may have no storage
  get: () => { try { return localStorage.getItem("headergen-theme"); } catch { return null; } },
  set: (theme) => { try { localStorage.setItem("headergen-theme", theme); } catch { /* for this visit only */ } },
};

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme-name").textContent = { auto: "Auto", light: "Light", dark: "Dark" }[theme];
  byId("theme").setAttribute("aria-label", `Colours: ${theme}`);
  setReader(theme === "dark" || (theme === "auto" && systemDark.matches) ? "dark" : "light");
}

function setReader(reader) {
  byId("stage").dataset.reader = reader;
  press(detail.querySelector(".segments"), reader);
}

function nextTheme() {
  const theme = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length];
  setTheme(theme);
  remembered.set(theme);
}

byId("theme").addEventListener("click", nextTheme);
systemDark.addEventListener("change", () => setTheme(document.documentElement.dataset.theme));
detail.querySelector(".segments").addEventListener("click", (event) => {
  if (event.target.dataset.reader) setReader(event.target.dataset.reader);
});

// --- the keyboard ----------------------------------------------------------------------------

function columns() {
  const among = visible();
  const top = among[0]?.item.offsetTop;
  const first = among.findIndex((each) => each.item.offsetTop !== top);
  return first < 0 ? among.length : first;
}

function move(by) {
  const among = visible();
  const at = among.findIndex((each) => each.link === document.activeElement);
  const target = among[at < 0 ? 0 : Math.min(Math.max(at + by, 0), among.length - 1)];
  target?.link.focus();
}

const IN_GALLERY = {
  j: () => move(1),
  k: () => move(-1),
  ArrowRight: () => move(1),
  ArrowLeft: () => move(-1),
  ArrowDown: () => move(columns()),
  ArrowUp: () => move(-columns()),
  "/": () => { search.focus(); search.select(); },
  t: nextTheme,
  Escape: reset,
};
const IN_DETAIL = {
  j: () => turn(1),
  k: () => turn(-1),
  ArrowRight: () => turn(1),
  ArrowLeft: () => turn(-1),
  d: () => setReader(byId("stage").dataset.reader === "dark" ? "light" : "dark"),
};
const IN_SEARCH = {
  Escape: () => { if (search.value) { search.value = ""; filter(); } else { search.blur(); } },
  Enter: () => move(0),
  ArrowDown: () => move(0),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const keys = detail.open ? IN_DETAIL : document.activeElement === search ? IN_SEARCH : IN_GALLERY;
  if (Object.hasOwn(keys, event.key)) { event.preventDefault(); keys[event.key](); }
});

// --- begin ------------------------------------------------------------------------------------

document.title = `${page.site}: headers`;
byId("site").textContent = page.site;
byId("made").textContent = `Written ${new Date(document.lastModified).toLocaleString()} by headergen ${page.version}`;
gallery.append(...cards.map((each) => each.item));
cards.forEach((each) => nearby.observe(each.item));
chips();
viewButtons();
search.addEventListener("input", filter);
byId("reset").addEventListener("click", reset);
setTheme(THEMES.includes(remembered.get()) ? remembered.get() : "auto");
filter();
followAddress();
