// The page of the board. It shows what the websocket tells, and changes things through the API.
// Notes are set as text, never as HTML, so whatever people write stays harmless.

const MAX_TEXT = 500;
const FIRST_WAIT = 500; // milliseconds before connecting again; doubled each time
const LONGEST_WAIT = 15000;

const form = document.getElementById("write");
const text = document.getElementById("text");
const list = document.getElementById("notes");
const status = document.getElementById("status");
const left = document.getElementById("left");
const problem = document.getElementById("problem");
const empty = document.getElementById("empty");
const template = document.getElementById("note");

let wait = FIRST_WAIT;

// -- showing notes

function itemOf(note) {
  const item = template.content.cloneNode(true).querySelector("li");
  item.dataset.id = note.id;
  item.querySelector(".text").textContent = note.text;
  const time = item.querySelector("time");
  time.dateTime = note.created;
  time.textContent = new Date(note.created).toLocaleString();
  const remove = item.querySelector(".remove");
  remove.setAttribute("aria-label", `Delete the note “${note.text.slice(0, 40)}”`);
  remove.addEventListener("click", () => removeNote(note.id, remove));
  return item;
}

function find(id) {
  return list.querySelector(`li[data-id="${id}"]`);
}

function showBoard(notes) {
  list.replaceChildren(...notes.map(itemOf));
  showWhetherEmpty();
}

function showAdded(note) {
  if (find(note.id)) return; // the whole board, told meanwhile, had it already
  const item = itemOf(note);
  item.classList.add("new");
  list.prepend(item);
  showWhetherEmpty();
}

function showRemoved(id) {
  const item = find(id);
  if (!item) return;
  if (item.contains(document.activeElement)) text.focus();
  item.remove();
  showWhetherEmpty();
}

function showWhetherEmpty() {
  empty.hidden = list.childElementCount > 0;
}

function showStatus(state, words) {
  status.dataset.state = state;
  status.textContent = words;
}

function showProblem(words) {
  problem.textContent = words;
  problem.hidden = !words;
}

// -- live updates, with a new connection whenever one is lost

function connect() {
  const address = new URL("/ws", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const socket = new WebSocket(address);
  socket.addEventListener("message", (event) => {
    const message = JSON.parse(event.data);
    if (message.type === "board") {
      wait = FIRST_WAIT;
      showBoard(message.notes);
      showStatus("live", "live");
    } else if (message.type === "added") {
      showAdded(message.note);
    } else if (message.type === "removed") {
      showRemoved(message.id);
    }
  });
  socket.addEventListener("close", () => {
    showStatus("lost", "connection lost, trying again…");
    setTimeout(connect, wait * (0.75 + Math.random() / 2)); // not all pages at one moment
    wait = Math.min(wait * 2, LONGEST_WAIT);
  });
}

// -- changes

async function call(method, path, body) {
  const request = { method };
  if (body) {
    request.headers = { "Content-Type": "application/json" };
    request.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new Error("The board cannot be reached. Your note is still here; try again.");
  }
  if (!response.ok) {
    const answer = await response.json().catch(() => ({}));
    throw new Error(answer.error || `The board answered ${response.status}.`);
  }
}

async function post() {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await call("POST", "/api/notes", { text: text.value });
    form.reset();
    showLeft();
    showProblem("");
  } catch (error) {
    showProblem(error.message);
  } finally {
    button.disabled = false;
    text.focus();
  }
}

async function removeNote(id, button) {
  button.disabled = true;
  try {
    await call("DELETE", `/api/notes/${id}`);
    showProblem("");
  } catch (error) {
    button.disabled = false;
    showProblem(error.message);
  }
}

function showLeft() {
  left.textContent = `${MAX_TEXT - text.value.length} characters left`;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  post();
});
text.addEventListener("input", showLeft);
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
connect();
