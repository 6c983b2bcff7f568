// The service as it is operated: stopped while clients keep their connections, with few descriptors, while another
// process has the journal, behind nginx.

import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { oneIn } from "../../test/whole.js";
import { Directory } from "../src/store/directory/store.js";
import { createToken } from "../src/store/tokens.js";
import { makeSite, type Served, type Site, serve, startSeal } from "./program.js";

oneIn(3);

/** Milliseconds: each start of a process counts. */
const LIMIT = 400_000;
const README = new URL("../README.md", import.meta.url);

interface Answer {
  readonly status: number;
  readonly connection: string | undefined;
}

/** POSTs a record on a connection of the agent. */
function postOn(agent: Agent, url: string, token: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "text/plain" };
    const asked = request(`${url}/v1/inboxes/till/records`, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.once("end", () => resolve({ status: response.statusCode!, connection: response.headers.connection }));
    });
    asked.once("error", reject);
    asked.end("x");
  });
}

test("SIGTERM: whoever sends on a connection that was idle is told, and no connection is reset", {
  timeout: LIMIT,
}, async () => {
  const site = await makeSite();
  const { url, child, ended } = await serve(site, ["--drain", "5s"]);
  const agents = Array.from({ length: 64 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  onTestFinished(() => {
    for (const agent of agents) agent.destroy();
  });
  const before = await Promise.all(agents.map((agent) => postOn(agent, url, site.producer)));
  expect(new Set(before.map(({ status }) => status))).toEqual(new Set([201]));
  child.kill("SIGTERM");
  const after = await Promise.all(
    agents.map(async (agent, i) => {
      await sleep(30 + 10 * i);
      return postOn(agent, url, site.producer);
    }),
  );
  expect(after).toEqual(agents.map(() => ({ status: 503, connection: "close" })));
  expect(await ended).toBe(0);
  expect((await site.records()).length).toBe(64);
});

test("a journal that may not grow any more leaves the service unwell, though its directory takes files", {
  timeout: LIMIT,
}, async () => {
  const site = await makeSite();
  // In blocks of 512 bytes.
  const { url, post } = await serve(site, [], [], {}, "ulimit -f 600");
  const statuses: number[] = [];
  while (statuses.at(-1) !== 507) statuses.push((await post("x".repeat(90_000))).status);
  expect(new Set(statuses.slice(0, -1))).toEqual(new Set([201]));
  const health = async () => (await fetch(`${url}/health`)).status;
  expect(await health()).toBe(503);
  // It is tried again after five seconds.
  await sleep(7000);
  expect(await health()).toBe(503);
  // What fits still is taken, and then it is well.
  expect((await post("x")).status).toBe(201);
  expect(await health()).toBe(200);
  expect((await site.records()).length).toBe(statuses.length);
});

test("SIGTERM: what is idle does not keep the service for longer than it may", { timeout: LIMIT }, async () => {
  const site = await makeSite();
  const { url, child, ended } = await serve(site, ["--drain", "1s"]);
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  await postOn(agent, url, site.producer);
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
});

test("with few descriptors: inboxes take turns, connections do not starve them, and tokens are listed", {
  timeout: LIMIT,
}, async () => {
  const site = await makeSite();
  const names = Array.from({ length: 9 }, (_, i) => `inbox-${i}`);
  const headers = new Map<string, string>();
  const directory = await Directory.open(join(site.path, "box"));
  const { recipients } = await directory.settings("till");
  for (const name of names) {
    await directory.add(name, { label: name, recipients });
    headers.set(name, `Bearer ${(await createToken(directory.place(name), "producer", "shop")).token}`);
  }
  const { url, child, ended } = await serve(site, [], [], {}, "ulimit -n 128");
  const post = async (name: string) => {
    const head = { authorization: headers.get(name)!, "content-type": "text/plain" };
    const answer = await fetch(`${url}/v1/inboxes/${name}/records`, { method: "POST", body: "x", headers: head });
    return answer.status;
  };
  for (const name of [...names, ...names]) expect(await post(name), name).toBe(201);
  const figures = await (await fetch(`${url}/metrics`)).text();
  expect(Number(/seal_inbox_open_inboxes (\d+)/.exec(figures)![1])).toBeLessThan(names.length);
  const agents = Array.from({ length: 100 }, () => new Agent({ keepAlive: true }));
  await Promise.allSettled(agents.map((agent) => postOn(agent, url, site.producer)));
  for (const agent of agents) agent.destroy();
  await expect.poll(() => post(names[0]!).catch(() => 0), { timeout: 10_000 }).toBe(201);
  expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: "ok" });
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  const tokens = join(site.path, "box", "inboxes", "till", "tokens");
  const grant = `${JSON.stringify({ role: "reader", name: "many", created: "2026-01-01T00:00:00.000Z" })}\n`;
  for (let i = 0; i < 2000; i++) writeFileSync(join(tokens, randomBytes(32).toString("hex")), grant);
  const listing = `ulimit -n 128; exec "$0" "$1" token list till --dir box`;
  const program = new URL("../bin/seal-inbox.js", import.meta.url).pathname;
  const listed = execFileSync("sh", ["-c", listing, process.execPath, program], { cwd: site.path, encoding: "utf8" });
  expect(listed.split("\n").length).toBe(2003);
});

test("what was acknowledged is read while another process has the journal, which the service says", {
  timeout: LIMIT,
}, async () => {
  const site = await makeSite();
  const first = await serve(site, ["--drain", "1s"]);
  expect((await first.post("first")).status).toBe(201);
  first.child.kill("SIGTERM");
  await first.ended;
  const journal = join("box", "inboxes", "till", "journal.sealed");
  const holding = ["--to", "ann.pub", "--sign", "inbox.key", "--label", "till", "--json"];
  const holder = startSeal(site, "journal", "append", journal, ...holding);
  const told = new Promise((resolve) => holder.stdout!.once("data", resolve));
  holder.stdin!.write("second\n");
  await told;
  const { url, post } = await serve(site);
  expect((await post("x")).status).toBe(503);
  expect((await fetch(`${url}/health`)).status).toBe(503);
  writeFileSync(join(site.path, "headers"), `Authorization: Bearer ${site.reader}\n`);
  const from = [`${url}/v1/inboxes/till/journal`, "--key", "ann.key", "--header", "@headers", "--label", "till"];
  const read = () => site.seal("journal", "read", ...from, "--cursor", "cursor", "-q");
  expect(await read()).toMatchObject({ status: 0, stdout: "first\nsecond\n" });
  expect(await read()).toMatchObject({ status: 0, stdout: "" });
  holder.stdin!.end("third\n");
  await new Promise((resolve) => holder.once("close", resolve));
  await expect.poll(async () => (await post("fourth")).status, { timeout: 20_000, interval: 500 }).toBe(201);
  expect(await read()).toMatchObject({ status: 0, stdout: "third\nfourth\n" });
  await expect.poll(async () => (await fetch(`${url}/health`)).status).toBe(200);
});

const hasNginx = existsSync("/usr/sbin/nginx");
if (!hasNginx) console.warn("nginx is not installed: records behind it are not tested");

test.skipIf(!hasNginx)(
  "behind nginx, as it is documented, no record is written to its disk",
  { timeout: LIMIT },
  async () => {
    const site = await makeSite();
    const served = await serve(site);
    const documented = /```nginx\n(server \{[^`]*proxy_request_buffering off;[^`]*)```/.exec(
      readFileSync(README, "utf8"),
    )![1]!;
    const bodies = await bodiesOnDisk(site, served, documented);
    expect(bodies).toEqual([]);
    // Without that line they are, so this test can tell.
    expect(await bodiesOnDisk(site, served, documented.replace("proxy_request_buffering off;", ""))).not.toEqual([]);
  },
);

/** Names of files that nginx has made for bodies, while records were sent by way of it. */
async function bodiesOnDisk({ path, producer }: Site, { url }: Served, server: string): Promise<string[]> {
  const port = await freePort();
  const place = join(path, `nginx-${port}`);
  const temporary = join(place, "bodies");
  mkdirSync(temporary, { recursive: true });
  for (const each of [path, place, temporary]) chmodSync(each, 0o777);
  const local = server
    .replace("listen 443 ssl;", `listen 127.0.0.1:${port};`)
    .replace(/\s+ssl_certificate.*/g, "")
    .replace("http://127.0.0.1:8080", url);
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) =>
    kind === "client_body" ? `client_body_temp_path ${temporary};` : `${kind}_temp_path ${place};`,
  );
  const main = `daemon off; pid ${place}/pid; error_log stderr; events {} http { access_log off; ${paths.join(" ")} ${local} }`;
  writeFileSync(join(place, "nginx.conf"), main);
  const child = spawn("/usr/sbin/nginx", ["-e", "stderr", "-c", join(place, "nginx.conf")], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const seen: string[] = [];
  const watcher = watch(temporary, (_event, name) => {
    if (/^\d+$/.test(String(name))) seen.push(String(name));
  });
  try {
    await expect.poll(() => existsSync(join(place, "pid")), { timeout: 20_000 }).toBe(true);
    for (let i = 0; i < 3; i++) {
      const headers = { authorization: `Bearer ${producer}`, "content-type": "application/octet-stream" };
      const to = `http://127.0.0.1:${port}/v1/inboxes/till/records`;
      const answer = await fetch(to, { method: "POST", headers, body: randomBytes(500_000) });
      expect(answer.status).toBe(201);
    }
    for (const closed of ["/health", "/metrics", "/openapi.json"]) {
      expect((await fetch(`http://127.0.0.1:${port}${closed}`)).status).toBe(404);
    }
  } finally {
    child.kill("SIGTERM");
    await ended;
    await sleep(100);
    watcher.close();
  }
  return seen;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
