// A server and a client of Node's own http2, in one process: WebSockets by extended CONNECT, in cleartext.
import crypto from 'node:crypto';
import http2 from 'node:http2';

const port = +process.argv[2];
function encode(opcode, payload, mask) {
  const head = [0x80 | opcode];
  const m = mask ? 0x80 : 0;
  if (payload.length < 126) head.push(m | payload.length);
  else head.push(m | 126, payload.length >> 8, payload.length & 255);
  if (!mask) return Buffer.concat([Buffer.from(head), payload]);
  const key = crypto.randomBytes(4);
  return Buffer.concat([Buffer.from(head), key, Buffer.from(payload.map((b, i) => b ^ key[i % 4]))]);
}
const server = http2.createServer({settings: {enableConnectProtocol: true}});
server.on('stream', (stream, headers) => {
  stream.on('error', () => {});
  if (headers[':path'] === '/refused') { stream.respond({':status': 403}, {endStream: true}); return; }
  stream.respond({':status': 200});
  stream.on('data', d => {
    if (headers[':path'] === '/reset') { stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR); return; }
    if ((d[0] & 15) === 8) { stream.end(encode(8, Buffer.from([3, 232]))); return; }
    stream.write(encode(1, Buffer.from('x'.repeat(20000))));
  });
});
server.listen(port, '127.0.0.1', () => {
  const client = http2.connect(`http://127.0.0.1:${port}`);
  client.on('remoteSettings', () => {
    let left = 0;
    for (const path of ['/a', '/b', '/c', '/refused', '/reset']) {
      left++;
      const req = client.request({':method': 'CONNECT', ':protocol': 'websocket', ':path': path, ':scheme': 'http', ':authority': 'node.example', 'sec-websocket-version': '13'});
      req.on('error', () => {});
      req.on('response', h => { if (h[':status'] === 200) req.write(encode(1, Buffer.from('hello ' + path), true)); });
      let got = 0;
      req.on('data', d => { got += d.length; if (got >= 20004 && !req.done) { req.done = true; req.end(encode(8, Buffer.from([3, 232]), true)); } });
      req.on('close', () => { if (!--left) { client.close(); server.close(); } });
    }
  });
});
setTimeout(() => process.exit(0), 20000).unref();
