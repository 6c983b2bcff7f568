// The service behind other programs, as docs/guide/inbox.md sets them up: Caddy with TLS, and nginx as a balancer of
// services on one database.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Block, blocksOf } from "../../test/docs/blocks.js";
import { freePort, hasPostgres, type Server, startPostgres } from "./postgres.js";
import { openedIn, sleep } from "./producers.js";
import { makeDatabaseSite, makeSite, type Served, type Site, serve, serveDatabase } from "./program.js";

const LIMIT = 120_000;
const blocks = blocksOf("docs/guide/inbox.md");
const isThere = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

/** The one that says so. */
function blockWith(text: string): string {
  const found = blocks.filter((block: Block) => block.text.includes(text));
  expect(found.length, text).toBe(1);
  return found[0]!.text;
}

/** Runs until the test is over, from when something listens on the port. */
async function started(program: string, args: readonly string[], port: number, env = {}): Promise<void> {
  const child = spawn(program, args, { stdio: "ignore", env: { ...process.env, ...env } });
  const ended = new Promise((resolve) => child.once("close", resolve));
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  const listens = () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      (error) => error.cause?.code !== "ECONNREFUSED",
    );
  await expect.poll(listens, { timeout: 30_000 }).toBe(true);
}

/** Caddy, on a port with TLS, in front of an address. */
async function behindCaddy(path: string, upstream: string): Promise<number> {
  const port = await freePort();
  const openssl = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 1";
  const names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", "tls.key", "-out", "tls.crt"];
  execFileSync("openssl", [...openssl.split(" "), ...names], { cwd: path, stdio: "ignore" });
  const site = blockWith("reverse_proxy")
    .replace("inbox.example.com {", `https://localhost:${port} {\n\tbind 127.0.0.1\n\ttls tls.crt tls.key`)
    .replace("127.0.0.1:8080", upstream.replace("http://", ""));
  writeFileSync(join(path, "Caddyfile"), `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`);
  const home = { HOME: path, XDG_DATA_HOME: path, XDG_CONFIG_HOME: path };
  const args = ["-c", `cd ${path} && exec caddy run --config Caddyfile --adapter caddyfile`];
  await started("sh", args, port, home);
  return port;
}

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly ca: Buffer;
}

/** A request whose body is written by `write`. */
function ask(port: number, { path, method = "GET", headers, ca }: Asked, write: (to: NodeJS.WritableStream) => void) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const options = { host: "127.0.0.1", servername: "localhost", port, path, method, headers, ca };
    const asked = request({ ...options, headers: { ...headers, host: "localhost" } });
    asked.once("response", (response) => resolve(response.resume())).once("error", reject);
    write(asked);
  });
}

test.skipIf(!isThere("caddy"))("Caddy lets through what is for the service, over TLS", { timeout: LIMIT }, async () => {
  const site = await makeSite();
  const served = await serve(site);
  const port = await behindCaddy(site.path, served.url);
  const ca = readFileSync(join(site.path, "tls.crt"));
  const headers = { authorization: `Bearer ${site.producer}`, "content-type": "text/plain" };
  const post = { path: "/v1/inboxes/till/records", method: "POST", headers, ca };
  const answer = await ask(port, post, (body) => body.end("x".repeat(500_000)));
  expect(answer.statusCode).toBe(201);
  // Caddy's own name for the request.
  expect(answer.headers["x-request-id"]).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  for (const path of ["/health", "/metrics", "/openapi.json"])
    expect((await ask(port, { path, ca }, (body) => body.end())).statusCode).toBe(404);
  expect((await site.records()).map(({ length }) => length)).toEqual([500_000]);
});

test.skipIf(!isThere("caddy"))("Caddy passes a body on as it comes, and keeps none", { timeout: LIMIT }, async () => {
  const { path } = await makeSite();
  let seen = () => {};
  const first = new Promise<void>((resolve) => {
    seen = resolve;
  });
  const upstream = createServer((asked, answer) => {
    asked.once("data", () => seen()).once("end", () => answer.end());
    asked.resume();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => upstream.once("listening", resolve));
  onTestFinished(() => void upstream.close());
  const port = await behindCaddy(path, `http://127.0.0.1:${(upstream.address() as { port: number }).port}`);
  const asked = { path: "/v1/inboxes/till/records", method: "POST", ca: readFileSync(join(path, "tls.crt")) };
  const answer = await ask(port, asked, async (body) => {
    body.write("the first part");
    // The rest is sent when that has arrived.
    await first;
    body.end("the last part");
  });
  expect(answer.statusCode).toBe(200);
});

let server: Server | undefined;
beforeAll(async () => {
  if (hasPostgres) server = await startPostgres();
}, 60_000);
afterAll(() => server?.remove());

/** nginx, in front of services, as a balancer. */
async function balanced({ path }: Site, services: readonly Served[]): Promise<string> {
  const port = await freePort();
  const place = join(path, "nginx");
  mkdirSync(place);
  const lines = services.map(({ url }) => `server ${url.replace("http://", "")};`).join(" ");
  const upstream = blockWith("upstream inbox").replace(/(\s+server 10\.0\.0\.\d:8080;)+/, ` ${lines}`);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${place};`);
  const location = "location /v1/ { proxy_pass http://inbox; proxy_http_version 1.1; proxy_request_buffering off; }";
  const http = `access_log off; ${paths.join(" ")} ${upstream} server { listen 127.0.0.1:${port}; ${location} }`;
  const whole = `daemon off; user root; pid ${place}/pid; error_log stderr; events {} http { ${http} }`;
  writeFileSync(join(place, "nginx.conf"), whole);
  await started("/usr/sbin/nginx", ["-e", "stderr", "-c", join(place, "nginx.conf")], port);
  return `http://127.0.0.1:${port}`;
}

test.skipIf(!isThere("/usr/sbin/nginx") || !hasPostgres || process.getuid?.() !== 0)(
  "nginx keeps an inbox at one of the services, and goes to the other when that is gone",
  { timeout: LIMIT },
  async () => {
    const site = await makeDatabaseSite(await server!.database());
    // Without --peers, so that each request that comes to the other one would take the inbox over.
    const services = [await serveDatabase(site), await serveDatabase(site)];
    const made = ["token", "create", "till", "--store", site.database, "-q", "--producer", "hook", "--url"];
    const hook = (await site.inbox(...made)).stdout.trim();
    const url = await balanced(site, services);
    const headers = { authorization: `Bearer ${site.producer}`, "content-type": "text/plain" };
    const send = async (body: string, path = "/v1/inboxes/till/records", more = {}) =>
      (await fetch(`${url}${path}`, { method: "POST", headers: { ...headers, ...more }, body })).status;
    for (let i = 0; i < 10; i++) {
      expect(await send(`record ${i}`)).toBe(201);
      expect(await send(`hook ${i}`, hook, { authorization: "" })).toBe(201);
    }
    expect(services.map(openedIn).sort()).toEqual([0, 1]);
    const owner = services.findIndex((service) => openedIn(service) === 1);
    services[owner]!.child.kill("SIGKILL");
    await services[owner]!.ended;
    const key = { "idempotency-key": "the-key-of-the-last-record" };
    while ((await send("last", undefined, key)) !== 201) await sleep(100);
    const records = await site.records(services[1 - owner]);
    expect([records.length, records.at(-1)]).toEqual([21, "last"]);
  },
);
