// A WebSocket server that does what the path asks for; a line of JSON for each connection that has ended.
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 1000 }, () => say({ listening: server.address().port }));

server.on("connection", (socket, request) => {
  const port = request.socket.remotePort;
  const [what, code] = request.url.slice(1).split("/");
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => {
    if (what === "server") socket.close(Number(code), "asked to");
    else if (what === "abort") socket.terminate();
    else socket.send(data, { binary: isBinary });
  });
  socket.on("close", (code) => say({ server: server.address().port, port, code }));
});

function say(what) {
  process.stdout.write(JSON.stringify(what) + "\n");
}
