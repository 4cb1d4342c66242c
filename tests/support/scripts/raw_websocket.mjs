// A websocket made of nothing but Node's `http` and `zlib`: it sends any frames and checks any answer.
// node raw_websocket.mjs ws://127.0.0.1:PORT; ends with 0 and prints "good" when all was as it must be.

import assert from "node:assert/strict";
import crypto from "node:crypto";
import http from "node:http";
import zlib from "node:zlib";

const [FIN, RSV1, CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0x80, 0x40, 0, 1, 2, 8, 9, 10];
const FLUSHED = Buffer.from([0, 0, 0xff, 0xff]);
const base = process.argv[2].replace("ws:", "http:");

function frame(first, payload, isMasked = true) {
  const size = payload.length;
  const head = size < 126 ? [first, size] : size < 65536
    ? [first, 126, size >> 8, size & 255]
    : [first, 127, 0, 0, 0, 0, size >>> 24, (size >> 16) & 255, (size >> 8) & 255, size & 255];
  if (!isMasked) return Buffer.concat([Buffer.from(head), payload]);
  head[1] |= 0x80;
  const mask = crypto.randomBytes(4);
  const masked = Buffer.from(payload.map((byte, at) => byte ^ mask[at & 3]));
  return Buffer.concat([Buffer.from(head), mask, masked]);
}

function closing(code, reason) {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return Buffer.concat([payload, Buffer.from(reason)]);
}

class Socket {
  constructor(socket, head, fields) {
    this.socket = socket;
    this.fields = fields;
    this.chunks = socket[Symbol.asyncIterator]();
    this.data = head;
  }

  send(...frames) {
    this.socket.write(Buffer.concat(frames));
  }

  async need(count) {
    while (this.data.length < count) {
      const { value, done } = await this.chunks.next();
      assert(!done, "the server closed");
      this.data = Buffer.concat([this.data, value]);
    }
  }

  // One frame: its first byte and its payload.
  async frame() {
    await this.need(2);
    const [first, length] = this.data;
    assert.equal(length & 0x80, 0, "a server masks nothing");
    const begin = { 126: 4, 127: 10 }[length] ?? 2;
    await this.need(begin);
    const size = length < 126 ? length : this.data.readUIntBE(begin - (begin === 4 ? 2 : 6), begin === 4 ? 2 : 6);
    await this.need(begin + size);
    const payload = this.data.subarray(begin, begin + size);
    this.data = this.data.subarray(begin + size);
    return [first, payload];
  }

  async expect(first, payload) {
    const [came, data] = await this.frame();
    assert.equal(came, first);
    assert(data.equals(Buffer.from(payload)), `${data.length} other bytes came: ${data.subarray(0, 80)}`);
  }

  // A close frame, then the end of the connection.
  async expectClose(code, reason) {
    const [first, payload] = await this.frame();
    assert.equal(first, FIN | CLOSE);
    if (code === null) assert.equal(payload.length, 0);
    else assert.deepEqual([payload.readUInt16BE(), payload.subarray(2).toString()], [code, reason]);
    this.socket.end();
    assert((await this.chunks.next()).done, "nothing comes behind a close frame");
  }
}

function connect(path, fields = {}) {
  const key = crypto.randomBytes(16).toString("base64");
  const headers = {
    Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": 13, "Sec-WebSocket-Key": key, ...fields,
  };
  return new Promise((resolve, reject) => {
    const request = http.get(base + path, { headers });
    request.on("error", reject);
    request.on("response", (response) => reject(new Error(`status ${response.statusCode}`)));
    request.on("upgrade", (response, socket, head) => {
      const accept = crypto.createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
      assert.equal(response.headers["sec-websocket-accept"], accept);
      resolve(new Socket(socket, head, response.headers));
    });
  });
}

const deflate = (text) => zlib.deflateRawSync(text, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, -4);
const inflate = (data) =>
  zlib.inflateRawSync(Buffer.concat([data, FLUSHED]), { finishFlush: zlib.constants.Z_SYNC_FLUSH });

const tests = {
  async "texts and bytes of all lengths"() {
    const socket = await connect("/echo");
    assert.equal(socket.fields["sec-websocket-extensions"], undefined);
    for (const size of [0, 1, 125, 126, 65535, 65536, 1_000_000]) {
      const bytes = crypto.randomBytes(size);
      socket.send(frame(FIN | BINARY, bytes), frame(FIN | TEXT, Buffer.from("ö".repeat(size))));
      await socket.expect(FIN | BINARY, bytes);
      await socket.expect(FIN | TEXT, "ö".repeat(size));
    }
    socket.send(frame(FIN | CLOSE, closing(1000, "")));
    await socket.expectClose(1000, "");
  },

  async "fragments with a ping between them, split inside of a character"() {
    const socket = await connect("/echo");
    const text = Buffer.from("wörter 𝄞");
    socket.send(frame(TEXT, text.subarray(0, 2)), frame(CONTINUATION, text.subarray(2, 2)));
    socket.send(frame(FIN | PING, Buffer.from("there?")));
    await socket.expect(FIN | PONG, "there?");
    socket.send(frame(CONTINUATION, text.subarray(2, 10)), frame(FIN | CONTINUATION, text.subarray(10)));
    await socket.expect(FIN | TEXT, text);
    socket.send(frame(FIN | CLOSE, Buffer.alloc(0)));
    await socket.expectClose(null);
  },

  async "compressed, in fragments, and not at all"() {
    const offer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    const socket = await connect("/echo", { "Sec-WebSocket-Extensions": offer });
    assert.match(socket.fields["sec-websocket-extensions"], /^permessage-deflate; .*server_no_context_takeover/);
    const text = JSON.stringify({ some: "text ".repeat(1000) });
    const packed = deflate(text);
    socket.send(frame(FIN | RSV1 | TEXT, packed));
    socket.send(frame(RSV1 | TEXT, packed.subarray(0, 7)), frame(FIN | CONTINUATION, packed.subarray(7)));
    socket.send(frame(FIN | TEXT, Buffer.from(text)));
    for (let count = 0; count < 3; count++) {
      const [first, payload] = await socket.frame();
      assert.equal(first, FIN | RSV1 | TEXT);
      assert.equal(inflate(payload).toString(), text);
    }
    socket.send(frame(FIN | CLOSE, closing(4999, "genug 𝄞")));
    await socket.expectClose(4999, "");
  },

  async "the server leaves"() {
    const socket = await connect("/leave");
    socket.send(frame(FIN | TEXT, Buffer.from("last")));
    await socket.expect(FIN | TEXT, "last");
    const [first, payload] = await socket.frame();
    assert.deepEqual([first, payload.readUInt16BE(), payload.subarray(2).toString()], [FIN | CLOSE, 3002, "zurück 𝄞"]);
    socket.send(frame(FIN | CLOSE, payload));
    assert((await socket.chunks.next()).done, "the server ends the connection");
  },

  async "the server pings"() {
    const socket = await connect("/ask");
    await socket.expect(FIN | PING, "there?");
    socket.send(frame(FIN | PONG, Buffer.from("there?")));
    await socket.expect(FIN | TEXT, "PONG b'there?'");
    socket.send(frame(FIN | CLOSE, closing(1001, "leaving")));
    await socket.expectClose(1001, "");
  },

  async "what is too large is refused at its header"() {
    const socket = await connect("/small");
    socket.send(frame(FIN | BINARY, Buffer.alloc(1001)).subarray(0, 8)); // nothing of the payload
    await socket.expectClose(1009, "message too big");
  },

  async "a frame without a mask"() {
    const socket = await connect("/echo");
    socket.send(frame(FIN | TEXT, Buffer.from("bare"), false));
    const [, payload] = await socket.frame();
    assert.equal(payload.readUInt16BE(), 1002);
    socket.socket.end();
  },

  async "no text"() {
    const socket = await connect("/echo");
    socket.send(frame(TEXT, Buffer.from([0xce, 0xba, 0xff]))); // refused before the message ends
    const [, payload] = await socket.frame();
    assert.equal(payload.readUInt16BE(), 1007);
    socket.socket.end();
  },
};

for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
  } catch (error) {
    console.error(`${name}:`, error);
    process.exit(1);
  }
}
console.log("good");
process.exit(0);
