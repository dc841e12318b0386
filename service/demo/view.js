// What the page shows. Whatever comes from a socket is text and is only ever
// put on the page as text.
const admin = "http://127.0.0.1:9080";
const limits = { messages: 400, frames: 14, gone: 6 };
const by = (id) => document.getElementById(id);
export const page = {};
for (const id of ["announcer", "chat", "commands", "composer", "empty", "frames", "gone", "gone-title", "invite", "join",
  "join-form", "join-problem", "leave", "lobby", "members", "message", "messages", "name", "newer", "newer-text", "notice",
  "notice-action", "notice-text", "people", "people-badge", "people-count", "room", "room-title", "scrim", "scroller",
  "send", "show-people", "show-wire", "status", "status-text", "talk", "theme", "typing", "wire", "fact-group", "fact-id",
  "fact-in", "fact-out", "fact-rtt"])
  page[id.replace(/-(.)/g, (_, letter) => letter.toUpperCase())] = by(id);

// -- small helpers -----------------------------------------------------------
const element = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};
const icon = (name) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
};
// Half of a surrogate pair has no UTF-8, and encodeURIComponent throws on it.
export const wellFormed = (text) => text.replace(/[\ud800-\udfff]/gu, "\ufffd");
export const encode = (text) => encodeURIComponent(wellFormed(text)).replace(/'/g, "%27");
export const isText = (value) => typeof value === "string" && value.length > 0;
const clock = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
export const stored = (key, value) => {
  try {
    if (value === undefined) return localStorage.getItem(`switchboard.${key}`);
    localStorage.setItem(`switchboard.${key}`, value);
  } catch { /* A browser may forbid storage; nothing here depends on it. */ }
  return null;
};
const announce = (text) => { page.announcer.textContent = text; };
const avatar = (name) => {
  const node = element("span", "avatar", (/[\p{L}\p{N}\p{P}\p{S}]/u.exec(name) || ["?"])[0].toLocaleUpperCase());
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.codePointAt(0)) >>> 0;
  node.dataset.hue = String(hash % 8);
  node.setAttribute("aria-hidden", "true");
  return node;
};

// -- state -------------------------------------------------------------------
/** Null while nobody has joined. */
export let session = null;
export const setSession = (next) => { session = next; };
export const newSession = (name, room) => ({
  name, room, id: "", group: "", socket: null, welcomed: false, attempt: 0, retry: 0, countdown: 0,
  members: new Map(), typing: new Map(), sent: new Map(), lastRef: 0, lastTyping: 0, received: 0, transmitted: 0,
});
let lastAuthor = { id: "", at: 0 };
let unread = 0;

// -- what is shown -----------------------------------------------------------
export const showFacts = () => {
  page.factId.textContent = session.id;
  page.factGroup.textContent = session.group;
  page.factIn.textContent = String(session.received);
  page.factOut.textContent = String(session.transmitted);
};
export const showRoundTrip = (milliseconds) => {
  page.factRtt.textContent = `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
};

export const logFrame = (way, text) => {
  const row = element("li", "frame");
  row.dataset.way = way;
  const arrow = element("span", "", way === "in" ? "↓" : "↑");
  arrow.setAttribute("aria-label", way === "in" ? "received" : "sent");
  arrow.setAttribute("role", "img");
  row.append(arrow, element("span", "", text.slice(0, 200)));
  row.title = text.slice(0, 1000);
  page.frames.prepend(row);
  while (page.frames.childElementCount > limits.frames) page.frames.lastElementChild.remove();
  showFacts();
};

export const showCommands = () => {
  const socket = `${admin}/v1/sockets/${encode(session.id)}`;
  const group = encode(session.group);
  const commands = [
    ["Write to this socket", `curl -d 'Hello from a terminal' '${socket}/messages'`],
    ["Tell the whole room", `curl -d 'The kettle is on' '${admin}/v1/broadcast?group=${group}'`],
    ["See who is in it", `curl '${admin}/v1/sockets?group=${group}'`],
    ["Close this socket", `curl -X DELETE '${socket}?code=1000&reason=goodbye'`],
  ];
  page.commands.replaceChildren(...commands.map(([title, text]) => {
    const row = element("li", "command");
    const head = element("div", "command-head");
    const code = element("code", "", text);
    const pre = element("pre");
    const button = element("button", "icon-button");
    button.type = "button";
    button.title = "Copy";
    button.setAttribute("aria-label", `Copy: ${title}`);
    button.append(icon("copy"));
    button.addEventListener("click", () => copy(text, button, code));
    pre.append(code);
    head.append(element("span", "", title), button);
    row.append(head, pre);
    return row;
  }));
};

export const copy = async (text, button, source) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No clipboard without https or permission: select it for the user.
    if (source) getSelection().selectAllChildren(source);
    announce(source ? "Selected" : text);
    return;
  }
  announce("Copied");
  const before = button.querySelector("use").getAttribute("href");
  if (before === "#i-check") return;
  button.querySelector("use").setAttribute("href", "#i-check");
  setTimeout(() => button.querySelector("use").setAttribute("href", before), 1500);
};

const memberRow = (name) => {
  const row = element("li", "member");
  row.append(avatar(name), element("bdi", "member-name", name));
  row.title = name;
  return row;
};

// Rows that stay are kept: only newcomers come in moving.
const rows = new Map();
let membersDue = 0;
/** A newcomer to a full room gets many answers at once: they are shown together. */
export const showMembers = () => {
  if (membersDue === 0) membersDue = setTimeout(renderMembers, 20);
};
const byName = new Intl.Collator().compare;
const renderMembers = () => {
  membersDue = 0;
  if (!session) return;
  const members = [...session.members].sort(([a, x], [b, y]) =>
    (b === session.id) - (a === session.id) || byName(x, y) || (a < b ? -1 : 1));
  for (const [id, row] of rows)
    if (!session.members.has(id)) {
      row.remove();
      rows.delete(id);
    }
  members.forEach(([id, name], index) => {
    let row = rows.get(id);
    if (!row) {
      row = memberRow(name);
      if (id === session.id) row.append(element("span", "you", "you"));
      rows.set(id, row);
    }
    if (page.members.children[index] !== row) page.members.insertBefore(row, page.members.children[index] || null);
  });
  page.peopleCount.textContent = page.peopleBadge.textContent = String(members.length);
  page.showPeople.setAttribute("aria-label", `Who is here: ${members.length}`);
};

export const showGone = (name) => {
  const row = memberRow(name);
  row.append(element("time", "when", clock()));
  page.gone.prepend(row);
  while (page.gone.childElementCount > limits.gone) page.gone.lastElementChild.remove();
  page.gone.hidden = page.goneTitle.hidden = false;
};

export const showTyping = () => {
  const now = performance.now();
  for (const [id, until] of session.typing)
    if (until <= now || !session.members.has(id)) session.typing.delete(id);
  const names = [...session.typing.keys()].map((id) => session.members.get(id));
  page.typing.textContent = names.length === 0 ? "" : names.length === 1 ? `${names[0]} is typing`
    : names.length === 2 ? `${names[0]} and ${names[1]} are typing` : "Several people are typing";
};
setInterval(() => { if (session) showTyping(); }, 1000);

const atEnd = () => page.scroller.scrollHeight - page.scroller.scrollTop - page.scroller.clientHeight < 80;
let pinned = true;
let seen = { clientHeight: 0, clientWidth: 0 };
export const toEnd = () => {
  pinned = true;
  page.scroller.scrollTop = page.scroller.scrollHeight;
  page.newer.hidden = true;
  page.newer.dataset.count = "0";
};
page.scroller.addEventListener("scroll", () => {
  const { clientHeight, clientWidth } = page.scroller;
  // Turned or resized: it was not the reader who scrolled.
  if (clientHeight !== seen.clientHeight || clientWidth !== seen.clientWidth) return;
  pinned = atEnd();
  if (pinned) page.newer.hidden = true;
}, { passive: true });
// A notice, a keyboard on the screen or a longer draft takes room from below.
new ResizeObserver(() => {
  const { clientHeight, clientWidth } = page.scroller;
  seen = { clientHeight, clientWidth };
  if (pinned) toEnd();
}).observe(page.scroller);
const append = (row, counts) => {
  const follow = pinned || row.classList.contains("mine");
  page.empty.hidden = true;
  page.messages.append(row);
  while (page.messages.childElementCount > limits.messages) page.messages.firstElementChild.remove();
  if (follow) {
    toEnd();
  } else if (counts) {
    const count = Number(page.newer.dataset.count || 0) + 1;
    page.newer.dataset.count = String(count);
    page.newerText.textContent = count === 1 ? "1 new message" : `${count} new messages`;
    page.newer.hidden = false;
  }
  if (counts && document.hidden) {
    unread += 1;
    showTitle();
  }
};
export const showTitle = () => {
  const room = session && session.id !== "" ? `#${session.room} · Switchboard` : "Switchboard · chat";
  document.title = unread > 0 ? `(${unread}) ${room}` : room;
};

export const showEvent = (name, text) => {
  const row = element("li", "event");
  row.dataset.testid = "event";
  if (text === undefined) row.textContent = name;
  else row.append(element("bdi", "", name), text);
  lastAuthor = { id: "", at: 0 };
  append(row, false);
};

export const showMessage = (id, name, text) => {
  const now = Date.now();
  const row = element("li", "message");
  row.dataset.testid = "item";
  row.classList.toggle("mine", id === session.id);
  row.classList.toggle("outside", id === "");
  row.classList.toggle("follows", lastAuthor.id === `${id}/${name}` && now - lastAuthor.at < 180000);
  lastAuthor = { id: `${id}/${name}`, at: now };
  const meta = element("div", "meta");
  const time = element("time", "", clock());
  time.dateTime = new Date(now).toISOString();
  meta.append(element("bdi", "author", id === session.id ? "You" : name), time);
  row.append(avatar(id === "" ? "!" : name), meta, element("div", "bubble", text));
  append(row, true);
};

export const showNotice = (state, text, action) => {
  page.notice.dataset.state = state;
  page.noticeText.textContent = text;
  page.noticeAction.textContent = action;
  page.notice.hidden = false;
};

/** Forgets everything of the room that was left. */
export const resetView = () => {
  for (const list of [page.members, page.gone, page.messages, page.frames, page.commands]) list.replaceChildren();
  rows.clear();
  lastAuthor = { id: "", at: 0 };
  page.gone.hidden = page.goneTitle.hidden = page.notice.hidden = page.newer.hidden = true;
  page.empty.hidden = false;
  page.typing.textContent = "";
  page.factRtt.textContent = "–";
  markRead();
};
export const markRead = () => {
  unread = 0;
  showTitle();
};

// -- light and dark ----------------------------------------------------------
const dark = matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;
const showShade = () => { root.dataset.shade = root.dataset.theme || (dark.matches ? "dark" : "light"); };
const theme = stored("theme");
if (theme === "light" || theme === "dark") root.dataset.theme = theme;
showShade();
dark.addEventListener("change", showShade);
page.theme.addEventListener("click", () => {
  root.dataset.theme = root.dataset.shade === "dark" ? "light" : "dark";
  stored("theme", root.dataset.theme);
  showShade();
});
