// A websocket server of nothing but Node's `http` and `zlib`, for a client under test.
// node raw_server.mjs; prints its port. Echoes text, binary and fragments, compressed where that was
// offered, pings before each echo, refuses a client that does not mask; "close CODE REASON" closes.

import assert from "node:assert/strict";
import crypto from "node:crypto";
import http from "node:http";
import zlib from "node:zlib";

const [FIN, RSV1, TEXT, BINARY, CLOSE, PING, PONG] = [0x80, 0x40, 1, 2, 8, 9, 10];
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function frame(first, payload) {
  const size = payload.length;
  const head = size < 126 ? [first, size] : size < 65536
    ? [first, 126, size >> 8, size & 255]
    : [first, 127, 0, 0, 0, 0, size >>> 24, (size >> 16) & 255, (size >> 8) & 255, size & 255];
  return Buffer.concat([Buffer.from(head), payload]);
}

function closing(code, reason) {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return frame(FIN | CLOSE, Buffer.concat([payload, Buffer.from(reason)]));
}

async function* frames(socket, data) {
  const chunks = socket[Symbol.asyncIterator]();
  async function need(count) {
    while (data.length < count) {
      const { value, done } = await chunks.next();
      if (done) return false;
      data = Buffer.concat([data, value]);
    }
    return true;
  }
  while (await need(2)) {
    const [first, second] = data;
    assert(second & 0x80, "a client masks everything");
    const length = second & 0x7f;
    const begin = { 126: 4, 127: 10 }[length] ?? 2;
    if (!await need(begin + 4)) return;
    const size = length < 126 ? length : data.readUIntBE(begin === 4 ? 2 : 4, begin === 4 ? 2 : 6);
    if (!await need(begin + 4 + size)) return;
    const mask = data.subarray(begin, begin + 4);
    const payload = Buffer.from(data.subarray(begin + 4, begin + 4 + size).map((byte, at) => byte ^ mask[at & 3]));
    data = data.subarray(begin + 4 + size);
    yield [first, payload];
  }
}

async function echo(socket, head, isCompressed) {
  let begun = 0;
  let parts = [];
  let pings = 0;
  for await (const [first, payload] of frames(socket, head)) {
    const opcode = first & 15;
    if (opcode === CLOSE) return socket.end(frame(FIN | CLOSE, payload));
    if (opcode === PING) socket.write(frame(FIN | PONG, payload));
    if (opcode === PONG) assert.equal(payload.toString(), `ping ${pings}`);
    if (opcode > BINARY) continue;
    if (opcode) begun = first;
    parts.push(payload);
    if (!(first & FIN)) continue;
    let message = Buffer.concat(parts);
    parts = [];
    if (begun & RSV1) {
      message = zlib.inflateRawSync(Buffer.concat([message, TAIL]), { finishFlush: zlib.constants.Z_SYNC_FLUSH });
    }
    const [word, code, reason] = message.subarray(0, 100).toString().split(" ");
    if (word === "close") {
      socket.write(closing(Number(code), reason));
      continue; // until the client has answered
    }
    pings += 1;
    socket.write(frame(FIN | PING, Buffer.from(`ping ${pings}`)));
    const kind = begun & 15;
    if (isCompressed) {
      const packed = zlib.deflateRawSync(message, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
      socket.write(frame(FIN | RSV1 | kind, packed.subarray(0, -4)));
    } else {
      const half = message.length >> 1;
      socket.write(Buffer.concat([frame(kind, message.subarray(0, half)), frame(FIN, message.subarray(half))]));
    }
  }
}

const server = http.createServer((request, response) => response.writeHead(426).end("no websocket"));
server.on("upgrade", (request, socket, head) => {
  if (request.url === "/refused") {
    return socket.end("HTTP/1.1 403 Forbidden\r\nX-Why: node\r\nContent-Length: 7\r\n\r\nbecause");
  }
  const digest = crypto.createHash("sha1").update(request.headers["sec-websocket-key"] + GUID).digest("base64");
  const offer = request.headers["sec-websocket-extensions"] ?? "";
  const isCompressed = offer.startsWith("permessage-deflate");
  const agreed = isCompressed
    ? "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"
    : "";
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${digest}\r\n${agreed}\r\n`);
  echo(socket, head, isCompressed).catch((error) => {
    console.error(error);
    process.exit(1);
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
