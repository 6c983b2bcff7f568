// The service under a supervisor: it says when it is ready and when it goes, and serves on while others learn of it.

import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { logged } from "./log.js";
import { makeSite, serve } from "./program.js";

const LIMIT = 100_000;

test("SIGTERM with a shutdown delay: it is not ready at once, and serves on", { timeout: LIMIT }, async () => {
  const site = await makeSite();
  const { post, child, ended, log } = await serve(site, ["--metrics", "127.0.0.1:0", "--shutdown-delay", "5s"]);
  const [line] = await logged(log, "metrics on");
  const operators = /metrics on (http:[^"]+)/.exec(line!)![1];
  const ready = async () => (await fetch(`${operators}/readyz`)).status;
  expect([await ready(), (await post("first")).status]).toEqual([200, 201]);
  child.kill("SIGTERM");
  await expect.poll(ready).toBe(503);
  expect((await post("second")).status).toBe(201);
  expect((await fetch(`${operators}/livez`)).status).toBe(200);
  expect(await ended).toBe(0);
  expect(await site.records()).toEqual(["first", "second"]);
});

/** Prints what comes to a socket as systemd has one. */
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("listening", flush=True)
while True:
    text = s.recv(4096).decode().strip()
    if text != "BARRIER=1": print(text, flush=True)
`;
const isThere = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
const canNotify = isThere("systemd-notify") && isThere("python3");
if (!canNotify) console.warn("systemd-notify or python3 is not installed: what systemd is told is not tested");

test.skipIf(!canNotify)("systemd is told when it is ready, and that it stops", { timeout: LIMIT }, async () => {
  const site = await makeSite();
  const socket = join(site.path, "notify");
  const receiver = spawn("python3", ["-c", RECEIVER, socket], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void receiver.kill("SIGKILL"));
  let told = "";
  receiver.stdout.on("data", (piece) => {
    told += piece;
  });
  await expect.poll(() => told, { timeout: 20_000 }).toBe("listening\n");
  const { child, ended } = await serve(site, [], [], { NOTIFY_SOCKET: socket });
  await expect.poll(() => told, { timeout: 20_000 }).toBe("listening\nREADY=1\n");
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(told).toBe("listening\nREADY=1\nSTOPPING=1\n");
});

test("whom nobody hears, it serves all the same", { timeout: LIMIT }, async () => {
  const site = await makeSite();
  const { post, log } = await serve(site, [], [], { NOTIFY_SOCKET: join(site.path, "nobody") });
  await logged(log, '"msg":"systemd was not told"');
  expect((await post("x")).status).toBe(201);
});
