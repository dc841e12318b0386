// The demonstration's connection: a WebSocket, what goes in and out of it, and
// the forms that drive it.
import {
  copy, encode, isText, logFrame, markRead, newSession, page, resetView, session, setSession, showCommands,
  showEvent, showFacts, showGone, showMembers, showMessage, showNotice, showRoundTrip, showTitle, showTyping, stored,
  toEnd, wellFormed,
} from "./view.js";

// -- connection --------------------------------------------------------------
const setStatus = (state, text) => {
  page.status.dataset.state = state;
  page.statusText.textContent = text;
  updateSend();
};
const isOpen = () => session !== null && session.welcomed && session.socket !== null
  && session.socket.readyState === WebSocket.OPEN;

const transmit = (message) => {
  if (!session || !session.socket || session.socket.readyState !== WebSocket.OPEN) return false;
  const text = JSON.stringify(message);
  session.socket.send(text);
  session.transmitted += 1;
  logFrame("out", text);
  return true;
};

const connect = () => {
  const mine = session;
  clearTimeout(mine.retry);
  clearInterval(mine.countdown);
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/chat/${encode(mine.room)}?name=${encode(mine.name)}`);
  mine.socket = socket;
  mine.welcomed = false;
  setStatus("connecting", "Connecting");
  const patience = setTimeout(() => socket.close(), 10000);
  const current = () => session === mine && mine.socket === socket;
  socket.onmessage = (event) => {
    if (!current()) return;
    if (typeof event.data === "string") receive(event.data);
    else outside(`${event.data.size} bytes of binary data`);
  };
  socket.onclose = (event) => {
    clearTimeout(patience);
    if (current()) lost(event);
  };
  mine.patience = patience;
};

const lost = (event) => {
  const mine = session;
  const wasIn = mine.id !== "";
  mine.socket = null;
  mine.welcomed = false;
  mine.sent.clear();
  mine.typing.clear();
  showTyping();
  const why = event.reason ? `: ${event.reason}` : "";
  if (!wasIn) {
    toLobby(event.code === 1008 ? `The server refused this name or room${why}.`
      : "The server could not be reached. Is it still running?");
    return;
  }
  mine.members.clear();
  showMembers();
  if (event.code === 1000 || event.code === 1008 || event.code >= 3000) {
    setStatus("closed", "Closed");
    showNotice("closed", `The server closed this socket (${event.code}${why}).`, "Join again");
    return;
  }
  const wait = Math.min(15000, 500 * 2 ** mine.attempt) * (0.6 + 0.4 * Math.random());
  mine.attempt += 1;
  setStatus("waiting", "Reconnecting");
  showNotice("waiting", "The connection is lost. Trying again.", "Reconnect now");
  mine.retry = setTimeout(connect, wait);
  const until = performance.now() + wait;
  const tick = () => {
    const seconds = Math.ceil((until - performance.now()) / 1000);
    page.noticeAction.textContent = seconds > 1 ? `Reconnect now (${seconds} s)` : "Reconnect now";
  };
  tick();
  mine.countdown = setInterval(tick, 1000);
};

const retryNow = () => {
  if (session && session.id !== "" && session.socket === null) connect();
};

// -- what comes in -----------------------------------------------------------
const receive = (text) => {
  session.received += 1;
  logFrame("in", text);
  let message = null;
  try {
    message = JSON.parse(text);
  } catch { /* Plain text, from the management API. */ }
  const handle = message !== null && typeof message === "object" && typeof message.type === "string"
    && Object.hasOwn(handlers, message.type) ? handlers[message.type] : null;
  if (handle === null || !handle(message)) outside(text);
};

const fromHere = (message) => message.room === session.room && isText(message.id) && isText(message.name);

/** Each answers whether the message had the shape it must have. */
const handlers = {
  welcome(message) {
    if (!isText(message.id) || !isText(message.room) || !isText(message.group) || !isText(message.name)) return false;
    const again = session.id !== "";
    clearTimeout(session.patience);
    Object.assign(session, { id: message.id, room: message.room, group: message.group, name: message.name, welcomed: true, attempt: 0 });
    session.members.clear();
    session.members.set(message.id, message.name);
    page.notice.hidden = true;
    setStatus("open", "Connected");
    showFacts();
    showCommands();
    showMembers();
    if (again) showEvent("You are connected again");
    else toRoom();
    return true;
  },
  joined(message) {
    if (!fromHere(message)) return false;
    if (message.id === session.id) return true;
    const known = session.members.has(message.id);
    session.members.set(message.id, message.name);
    showMembers();
    if (!known) showEvent(message.name, " joined");
    transmit({ type: "here", to: message.id });
    return true;
  },
  here(message) {
    // Somebody of another room may say so too; that is no news here.
    if (!fromHere(message)) return isText(message.id);
    session.members.set(message.id, message.name);
    showMembers();
    return true;
  },
  left(message) {
    if (!fromHere(message)) return false;
    session.typing.delete(message.id);
    showTyping();
    if (session.members.delete(message.id)) {
      showMembers();
      showGone(message.name);
      showEvent(message.name, " left");
    }
    return true;
  },
  message(message) {
    if (!fromHere(message) || !isText(message.text)) return false;
    if (!session.members.has(message.id)) {
      session.members.set(message.id, message.name);
      showMembers();
    }
    if (message.id === session.id && session.sent.has(message.ref)) {
      showRoundTrip(performance.now() - session.sent.get(message.ref));
      session.sent.delete(message.ref);
    }
    session.typing.delete(message.id);
    showTyping();
    showMessage(message.id, message.name, message.text);
    return true;
  },
  typing(message) {
    if (message.room !== session.room || !isText(message.id)) return false;
    if (message.id !== session.id && session.members.has(message.id)) {
      session.typing.set(message.id, performance.now() + 4000);
      showTyping();
    }
    return true;
  },
  error(message) {
    if (!isText(message.text)) return false;
    showEvent("", `The server did not take that: ${message.text}`);
    return true;
  },
};

const outside = (text) => showMessage("", "From outside the chat", text);

// -- views -------------------------------------------------------------------
const toRoom = () => {
  document.body.dataset.view = "chat";
  page.lobby.hidden = true;
  page.chat.hidden = false;
  page.roomTitle.textContent = page.roomTitle.title = session.room;
  history.replaceState(null, "", `#${encode(session.room)}`);
  stored("name", session.name);
  showTitle();
  page.message.focus();
};

const toLobby = (problem) => {
  if (session) {
    clearTimeout(session.retry);
    clearTimeout(session.patience);
    clearInterval(session.countdown);
  }
  const socket = session && session.socket;
  setSession(null);
  if (socket) socket.close(1000);
  closePanel();
  resetView();
  page.chat.hidden = true;
  page.lobby.hidden = false;
  page.message.value = "";
  page.join.disabled = false;
  page.join.textContent = "Join";
  document.body.dataset.view = "join";
  page.joinProblem.textContent = problem || "";
  page.joinProblem.hidden = !problem;
  fitComposer();
  page.name.focus();
};

let opener = null;
const closePanel = () => {
  for (const [panel, button] of [[page.people, page.showPeople], [page.wire, page.showWire]]) {
    panel.classList.remove("shown");
    button.setAttribute("aria-expanded", "false");
  }
  page.scrim.hidden = true;
  page.talk.inert = false;
  if (opener) opener.focus();
  opener = null;
};
const openPanel = (panel, button) => {
  const shown = panel.classList.contains("shown");
  closePanel();
  if (shown) return;
  panel.classList.add("shown");
  button.setAttribute("aria-expanded", "true");
  page.scrim.hidden = false;
  page.talk.inert = true;
  opener = button;
  panel.querySelector(".panel-close").focus();
};
page.showPeople.addEventListener("click", () => openPanel(page.people, page.showPeople));
page.showWire.addEventListener("click", () => openPanel(page.wire, page.showWire));
page.scrim.addEventListener("click", closePanel);
for (const button of document.querySelectorAll(".panel-close")) button.addEventListener("click", closePanel);
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && opener) closePanel(); });
for (const width of ["(max-width: 820px)", "(max-width: 1180px)"]) matchMedia(width).addEventListener("change", closePanel);

// -- joining -----------------------------------------------------------------
const markChip = () => {
  for (const chip of document.querySelectorAll(".chip"))
    chip.setAttribute("aria-pressed", String(chip.dataset.room === page.room.value.trim()));
};
for (const chip of document.querySelectorAll(".chip"))
  chip.addEventListener("click", () => {
    page.room.value = chip.dataset.room;
    markChip();
  });
page.room.addEventListener("input", markChip);
page.joinForm.addEventListener("submit", (event) => {
  event.preventDefault();
  if (session) return;
  const name = wellFormed(page.name.value.trim());
  const room = wellFormed(page.room.value.trim());
  // A path cannot end in these: the browser would take them for folders.
  const problem = name === "" ? "Please give a name." : room === "" || room === "." || room === ".."
    ? "Please give the room another name." : "";
  page.joinProblem.textContent = problem;
  page.joinProblem.hidden = problem === "";
  if (problem !== "") return;
  page.join.disabled = true;
  page.join.textContent = "Joining";
  setSession(newSession(name, room));
  connect();
});
page.leave.addEventListener("click", () => toLobby());
page.noticeAction.addEventListener("click", retryNow);
page.invite.addEventListener("click", () =>
  copy(`${location.origin}${location.pathname}#${encode(session.room)}`, page.invite, null));
addEventListener("online", retryNow);

// -- writing -----------------------------------------------------------------
const updateSend = () => {
  page.send.disabled = !isOpen() || page.message.value.trim() === "";
};
const fitComposer = () => {
  page.message.style.height = "auto";
  page.message.style.height = `${page.message.scrollHeight + 2}px`;
  updateSend();
};
page.message.addEventListener("input", () => {
  fitComposer();
  const now = performance.now();
  if (isOpen() && page.message.value.trim() !== "" && now - session.lastTyping > 2500) {
    session.lastTyping = now;
    transmit({ type: "typing" });
  }
});
page.message.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  page.composer.requestSubmit();
});
page.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = wellFormed(page.message.value.trim());
  if (text === "" || !isOpen()) return;
  const ref = ++session.lastRef;
  session.sent.set(ref, performance.now());
  transmit({ type: "message", text, ref });
  session.lastTyping = 0;
  page.message.value = "";
  fitComposer();
  page.message.focus();
});
page.newer.addEventListener("click", () => {
  toEnd();
  page.message.focus();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  markRead();
  retryNow();
});

// -- start -------------------------------------------------------------------
page.name.value = (stored("name") || "").slice(0, 32);
try {
  const room = decodeURIComponent(location.hash.slice(1));
  if (room !== "") page.room.value = room.slice(0, 40);
} catch { /* A link that was cut in the middle of an escape. */ }
markChip();
page.name.focus();
