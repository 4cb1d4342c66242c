// Node's own WebSocket. node own_websocket.mjs ws://127.0.0.1:PORT; prints "good" and ends with 0.

import assert from "node:assert/strict";

const base = process.argv[2];

class Socket {
  constructor(path, protocols = []) {
    this.ws = new WebSocket(base + path, protocols);
    this.ws.binaryType = "arraybuffer";
    this.messages = [];
    this.wake = () => {};
    this.opened = new Promise((resolve) => this.ws.addEventListener("open", resolve));
    this.closed = new Promise((resolve) => this.ws.addEventListener("close", resolve));
    this.ws.addEventListener("message", (event) => {
      this.messages.push(event.data);
      this.wake();
    });
  }

  async receive() {
    while (!this.messages.length) await new Promise((resolve) => (this.wake = resolve));
    return this.messages.shift();
  }
}

const echo = new Socket("/echo");
await echo.opened;
for (const text of ["", "plain", "wörter 𝄞 ".repeat(50), JSON.stringify({ a: "b".repeat(100_000) })]) {
  echo.ws.send(text);
  assert.equal(await echo.receive(), text);
}
for (const size of [0, 1, 125, 126, 65535, 65536, 1_000_000]) {
  const bytes = Uint8Array.from({ length: size }, (_, at) => (at * at) & 255);
  echo.ws.send(bytes);
  assert.deepEqual(new Uint8Array(await echo.receive()), bytes);
}
console.log(`extensions: ${echo.ws.extensions}`);
echo.ws.close(3001, "genug 𝄞");
const end = await echo.closed;
assert.deepEqual([end.code, end.wasClean], [3001, true]);

const leave = new Socket("/leave");
await leave.opened;
leave.ws.send("last");
assert.equal(await leave.receive(), "last");
const left = await leave.closed;
assert.deepEqual([left.code, left.reason, left.wasClean], [3002, "zurück 𝄞", true]);

const ask = new Socket("/ask");
assert.equal(await ask.receive(), "PONG b'there?'");
ask.ws.close();
await ask.closed;

const small = new Socket("/small");
await small.opened;
small.ws.send("y".repeat(1000));
assert.equal((await small.receive()).length, 1000);
small.ws.send(Uint8Array.from({ length: 5000 }, (_, at) => (at * at * at) & 255));
const refused = await small.closed;
assert.deepEqual([refused.code, refused.reason], [1009, "message too big"]);

console.log("good");
process.exit(0);
