// A bot of Twilio's own SDK and ws: PORT API_URL ACCOUNT TOKEN. It places the call, answers with its document, checks
// every signature, echoes what it hears on the stream, and ends the call when # is pressed.
"use strict";

const http = require("node:http");
const twilio = require("twilio");
const { WebSocketServer } = require("ws");

const [port, apiUrl, account, token] = process.argv.slice(2);
const here = `127.0.0.1:${port}`;
const client = twilio(account, token);
client.api.baseUrl = apiUrl;

const say = (what) => console.log(JSON.stringify(what));

function read(request) {
  return new Promise((resolve) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () => resolve(Object.fromEntries(new URLSearchParams(body))));
  });
}

function isSigned(request, scheme, form) {
  return twilio.validateRequest(token, request.headers["x-twilio-signature"], `${scheme}://${here}${request.url}`, form);
}

async function place(request, response) {
  const { to, from } = await read(request);
  const call = await client.calls.create({
    to,
    from,
    url: `http://${here}/answered`,
    statusCallback: `http://${here}/status`,
    statusCallbackEvent: ["initiated", "ringing", "answered", "completed"],
  });
  response.end(call.sid);
}

async function answered(request, response) {
  const form = await read(request);
  say({ event: "webhook", isSigned: isSigned(request, "http", form), callSid: form.CallSid });
  const document = new twilio.twiml.VoiceResponse();
  const stream = document.connect().stream({ url: `ws://${here}/stream`, name: "bot" });
  stream.parameter({ name: "customer", value: "Grüße & <more>" });
  response.setHeader("Content-Type", "text/xml");
  response.end(document.toString());
}

async function status(request, response) {
  const form = await read(request);
  say({ event: "status", isSigned: isSigned(request, "http", form), status: form.CallStatus });
  response.end();
}

const routes = { "/place": place, "/answered": answered, "/status": status };
const server = http.createServer((request, response) => routes[request.url](request, response));

const sockets = new WebSocketServer({ server });
sockets.on("connection", (socket, request) => {
  say({ event: "connection", isSigned: isSigned(request, "ws", {}) });
  let start;
  socket.on("message", async (data) => {
    const message = JSON.parse(data);
    if (message.event === "media") {
      socket.send(JSON.stringify({ event: "media", streamSid: message.streamSid, media: { payload: message.media.payload } }));
      return;
    }
    say(message);
    if (message.event === "start") start = message.start;
    if (message.event === "dtmf" && message.dtmf.digit === "#") {
      const call = await client.calls(start.callSid).update({ status: "completed" });
      say({ event: "updated", status: call.status });
    }
  });
  socket.on("close", (code) => say({ event: "closed", code }));
});
server.listen(Number(port), "127.0.0.1", () => say({ event: "ready" }));
