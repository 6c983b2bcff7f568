// What web servers and proxies answer. One server answers for all hosts, as their proxy, so nothing is ever asked of a
// real one: an input is its answers, one after the other.

import { createServer, type Server, type Socket } from "node:net";
import { type Bytes, fromUtf8, utf8 } from "../../src/bytes.js";
import { openUrl, type UrlOptions } from "../../src/io/http/http.js";
import { mutateText } from "../mutate/text.js";
import { hashOf, type Random } from "../random.js";
import { attempt, Broken, holds, kindOfMessage, type Target } from "../target.js";

const CUT = "\n=====\n";
const HOST = "files.example";
const SECRET = "opensesame";
const MOST = 1024 * 1024;
/** An answer may ask for patience; the fuzzer has none. */
const LONGEST = 300;

const head = (status: string, ...lines: string[]) =>
  `HTTP/1.1 ${status}\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;
const SEEDS = [
  [`${head("200 OK", "Content-Length: 5", 'ETag: "a"')}hello`],
  [
    `${head("200 OK", "Content-Length: 10", 'ETag: "a"')}hello`,
    `${head("206 Partial Content", "Content-Range: bytes 5-9/10", 'ETag: "a"')}world`,
  ],
  [
    `${head(
      "206 Partial Content",
      "Content-Range: bytes 0-4/10",
      "Content-Length: 5",
      "Last-Modified: Sat, 01 Jan 2022 00:00:00 GMT",
      "Date: Sun, 02 Jan 2022 00:00:00 GMT",
    )}hello`,
    `${head("206 Partial Content", "Content-Range: bytes 5-9/10")}world`,
  ],
  [
    head("302 Found", "Location: http://other.example/x"),
    `${head("200 OK", "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\n\r\n`,
  ],
  [head("307 Temporary Redirect", "Location: https://other.example/x"), head("200 Connection established")],
  [head("301 Moved", `Location: http://user:pass@${HOST}:81/x`), head("404 Not Found")],
  [head("503 Busy", "Retry-After: 1"), `${head("200 OK")}until the end`],
  [head("416 Range Not Satisfiable", "Content-Range: bytes */10")],
  [`${head("200 OK", "Content-Encoding: gzip")}x`],
];
const LINES = [
  "Content-Length: 5",
  "Content-Length: 99999999999999999999",
  "Content-Range: bytes 5-9/10",
  "Content-Range: bytes 0-0/*",
  "Content-Range: bytes 9-5/99999999999999999",
  "Transfer-Encoding: chunked",
  'ETag: W/"a"',
  'ETag: "b"',
  "Location: //third.example",
  "Location: javascript:x",
  "Location: http://[::1]:9/",
  `Location: http://${HOST}/y`,
  "Retry-After: 9999",
  "Connection: keep-alive",
  "HTTP/1.0 200",
  "HTTP/1.1 206 Partial",
  "HTTP/1.1 308 Moved",
  "HTTP/1.1 100 Continue",
  "HTTP/1.1 407 Who",
];

export const http: Target = {
  name: "http",
  maxBytes: 16 * 1024,
  seeds: async () => SEEDS.map((answers) => utf8(answers.join(CUT))),
  mutate,
  run,
  close: async () => {
    server?.close();
    server = undefined;
  },
};

function mutate(input: Bytes, other: Bytes, random: Random): Bytes {
  const text = fromUtf8(input);
  if (text === null || random.oneIn(2)) return mutateText(input, other, random);
  const answers = text.split(CUT);
  const others = (fromUtf8(other) ?? "").split(CUT);
  const at = random.below(answers.length);
  const kinds = [
    () => answers.splice(at, random.below(2), random.pick(others)),
    () => answers.splice(at, 0, random.pick(answers)),
    () => answers.splice(at, 1),
    () => answers.splice(at, 1, answers[at]!.replace("\r\n", `\r\n${random.pick(LINES)}\r\n`)),
    () => answers.splice(at, 1, answers[at]!.replace(/^.*\r\n/, `${random.pick(LINES)}\r\n`)),
    () => answers.splice(at, 1, lengthened(answers[at]!, random)),
  ];
  random.pick(kinds)();
  return utf8(answers.join(CUT));
}

function lengthened(answer: string, random: Random): string {
  return answer + "x".repeat(random.pick([1, 5, 100, 5000]));
}

let server: Server | undefined;
/** What the server is to answer, and what it was asked. */
let answers: Bytes[] = [];
let asked: string[] = [];

async function run(input: Bytes): Promise<string> {
  const text = Buffer.from(input).toString("latin1");
  answers = text.split(CUT).map((answer) => Uint8Array.from(Buffer.from(answer, "latin1")));
  asked = [];
  const port = await listening();
  const before = { http_proxy: process.env.http_proxy, https_proxy: process.env.https_proxy };
  Object.assign(process.env, { http_proxy: `http://127.0.0.1:${port}`, https_proxy: `http://127.0.0.1:${port}` });
  try {
    return await download(hashOf(input));
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

async function listening(): Promise<number> {
  if (!server) {
    const made = createServer(answer);
    made.unref();
    await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
    server = made;
  }
  return (server.address() as { port: number }).port;
}

function answer(socket: Socket): void {
  let request = "";
  socket.on("error", () => undefined);
  socket.on("data", (piece) => {
    request += piece.toString("latin1");
    if (!request.includes("\r\n\r\n")) return;
    asked.push(request);
    request = "";
    const next = answers.shift();
    if (next) socket.end(next);
    else socket.destroy();
  });
}

async function download(dice: number): Promise<string> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error("patience")), LONGEST);
  const options: UrlOptions = {
    headers: [["Authorization", SECRET]],
    signal: limit.signal,
    patience: { attempts: 3, delay: 0, stall: LONGEST, connect: LONGEST },
    parts: ([undefined, "wanted", "needed"] as const)[dice % 3],
  };
  try {
    const found = await attempt(["io"], () => readAll(options)).catch((error) => {
      if (limit.signal.aborted && !(error instanceof Broken && !error.message.includes("patience"))) return null;
      throw error;
    });
    checkSecrecy();
    if (found === null) return "takes its time";
    if ("value" in found) return `${asked.length} asked, ${found.value}`;
    holds(!found.refusal.message.includes(SECRET), "a header's value is shown");
    return kindOfMessage(found.refusal.message);
  } finally {
    clearTimeout(timer);
  }
}

async function readAll(options: UrlOptions): Promise<string> {
  const source = await openUrl(`http://${HOST}/a.sealed`, options);
  try {
    let bytes = 0;
    while (bytes < MOST) {
      const piece = await source.read(4096);
      bytes += piece.length;
      if (piece.length < 4096) break;
    }
    if (source.size !== null && source.size <= MOST)
      holds(bytes === source.size, `${bytes} bytes came of a file of ${source.size}`);
    return source.size === null ? "of unknown size" : "whole";
  } finally {
    await source.close();
  }
}

/** Headers go to the origin that was named, and to no other. */
function checkSecrecy(): void {
  for (const request of asked) {
    const isOwn = request.startsWith(`GET http://${HOST}/`);
    holds(isOwn || !request.includes(SECRET), `the secret is sent to another: ${request.split("\r\n")[0]}`);
  }
}
