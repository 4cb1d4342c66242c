// What a page does with its WebSocket: `return run(base)` resolves to "good", or to what went wrong.

const equal = (some, other, what) => {
  const [one, two] = [JSON.stringify(some), JSON.stringify(other)];
  if (one !== two) throw new Error(`${what}: ${one.slice(0, 200)} is not ${two.slice(0, 200)}`);
};

class Socket {
  constructor(url) {
    this.ws = new WebSocket(url);
    this.ws.binaryType = "arraybuffer";
    this.messages = [];
    this.wake = () => {};
    this.closed = new Promise((resolve) => (this.ws.onclose = resolve));
    this.opened = new Promise((resolve, reject) => {
      this.ws.onopen = resolve;
      this.ws.onerror = () => reject(new Error("refused"));
    });
    this.opened.catch(() => {});
    this.ws.onmessage = (event) => {
      this.messages.push(event.data);
      this.wake();
    };
  }

  async receive() {
    while (!this.messages.length) await new Promise((resolve) => (this.wake = resolve));
    return this.messages.shift();
  }
}

const bytes = (size) => Uint8Array.from({ length: size }, (_, at) => (at * at * at) & 255);

const tests = {
  async echo(base) {
    const socket = new Socket(base + "/echo");
    await socket.opened;
    equal(socket.ws.extensions.startsWith("permessage-deflate"), true, socket.ws.extensions);
    const texts = ["", "plain", "wörter 𝄞 ".repeat(50), JSON.stringify({ a: "b".repeat(100_000) })];
    for (const text of texts.concat(texts)) { // the second time out of the shared window
      socket.ws.send(text);
      equal(await socket.receive(), text, "text");
    }
    for (const size of [0, 1, 125, 126, 65535, 65536, 1_000_000]) {
      socket.ws.send(bytes(size));
      const came = new Uint8Array(await socket.receive());
      equal([came.length, came.every((byte, at) => byte === ((at * at * at) & 255))], [size, true], "bytes");
    }
    socket.ws.close(3001, "genug 𝄞");
    const end = await socket.closed;
    equal([end.code, end.wasClean], [3001, true], "our close");
  },

  async leave(base) {
    const socket = new Socket(base + "/leave");
    await socket.opened;
    socket.ws.send("last");
    equal(await socket.receive(), "last", "last message");
    const end = await socket.closed;
    equal([end.code, end.reason, end.wasClean], [3002, "zurück 𝄞", true], "its close");
  },

  async ask(base) {
    const socket = new Socket(base + "/ask");
    equal(await socket.receive(), "PONG b'there?'", "pong");
    socket.ws.close();
    equal((await socket.closed).wasClean, true, "close without a code");
  },

  async small(base) {
    const socket = new Socket(base + "/small");
    await socket.opened;
    socket.ws.send("y".repeat(1000));
    equal((await socket.receive()).length, 1000, "what fits");
    socket.ws.send(bytes(5000));
    const end = await socket.closed;
    equal([end.code, end.reason], [1009, "message too big"], "too large");
  },

  async stranger(base) {
    const socket = new Socket(base.replace("127.0.0.1", "localhost") + "/echo");
    const came = await socket.opened.then(() => "opened", (error) => error.message);
    equal(came, "refused", "a websocket to another origin");
  },
};

const run = async (base, name) => {
  try {
    await tests[name](base);
  } catch (error) {
    return String(error);
  }
  return "good";
};
