// Opens a WebSocket for each URL among the arguments, does what its path asks for; a line of JSON for each that has ended.
import { WebSocket } from "ws";

for (const url of process.argv.slice(2)) {
  const [what, code] = new URL(url).pathname.slice(1).split("/");
  const socket = new WebSocket(url);
  const server = Number(new URL(url).port);
  let port = 0;
  socket.on("error", () => {});
  socket.on("open", () => {
    port = socket._socket.localPort;
    socket.send("hello");
  });
  socket.on("message", () => (what === "drop" ? socket.terminate() : socket.close(Number(code), "bye")));
  socket.on("close", (code) => process.stdout.write(JSON.stringify({ server, port, code }) + "\n"));
}
