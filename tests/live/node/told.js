// A WebSocket of `ws` or of `undici` for each URL, closed at the first message if the path asks for it; a line of JSON
// for what each program was told: `node told.js ws|undici URL...`
const [library, ...urls] = process.argv.slice(2);
const { WebSocket } = await import(library);

for (const url of urls) {
  const socket = library === "ws" ? new WebSocket(url, { closeTimeout: 300 }) : new WebSocket(url);
  const closes = new URL(url).pathname.startsWith("/closed");
  socket.onerror = () => {};
  socket.onmessage = () => closes && socket.close(4001, "mine");
  socket.onclose = ({ code, reason, wasClean }) => process.stdout.write(JSON.stringify({ url, code, reason, clean: wasClean }) + "\n");
}
