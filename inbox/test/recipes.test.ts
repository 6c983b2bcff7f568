// The blocks of docs/guide/inbox.md: what other programs are given is held to what the service has.

import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blocksOf } from "../../test/docs/blocks.js";
import { PROBLEMS } from "../src/problem.js";
import { fakeDisk } from "./fake-writer.js";
import { folder } from "./folder.js";
import { makeSite, serve } from "./program.js";
import { startService } from "./service.js";

const LIMIT = 100_000;
const blocks = blocksOf("docs/guide/inbox.md");

function blockOf(language: string): string {
  const found = blocks.filter((block) => block.language === language);
  expect(found.length, language).toBe(1);
  return found[0]!.text;
}

const isThere = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

test.skipIf(!isThere("systemd-analyze"))("systemd finds no fault in the unit", async () => {
  const path = await folder();
  writeFileSync(join(path, "seal-inbox"), "#!/bin/sh\n");
  chmodSync(join(path, "seal-inbox"), 0o755);
  const unit = join(path, "seal-inbox.service");
  writeFileSync(unit, blockOf("ini").replace("/usr/local/bin/", `${path}/`));
  const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", unit], { encoding: "utf8" });
  expect([status, stdout + stderr]).toEqual([0, ""]);
});

test("the service takes what the unit gives it", { timeout: LIMIT }, async () => {
  const [, options] = /^ExecStart=\S+ serve (.*)$/m.exec(blockOf("ini"))!;
  const given = options!
    .split(" ")
    .filter((word) => !/^(?:--sign|--listen|.*inbox\.key|127\.0\.0\.1:8080)$/.test(word));
  const args = given.map((word) => word.replace("127.0.0.1:9464", "127.0.0.1:0"));
  expect(args).toEqual(["--metrics", "127.0.0.1:0", "--shutdown-delay", "10s"]);
  const { post } = await serve(await makeSite(), args);
  expect((await post("x")).status).toBe(201);
});

test("what the alerts ask for is among the figures, and so are the problems and reasons", async () => {
  const { url, post } = await startService(fakeDisk().openWriter);
  await post("x");
  await post("x", { authorization: "Bearer x" });
  await fetch(`${url}/nowhere`);
  const figures = await (await fetch(`${url}/metrics`)).text();
  const rules = blockOf("yaml");
  const asked = [...rules.matchAll(/\b(?:seal_inbox|process)_[a-z_]+\b/g)].map(([name]) => name);
  expect(asked.length).toBeGreaterThan(6);
  for (const name of asked) expect(figures).toMatch(new RegExp(`^${name}[ {]`, "m"));
  expect(figures).toMatch(/reason="unknown"/);
  const [several, quotas] = [...rules.matchAll(/problem=~"([^"]+)"/g)].map(([, names]) => names!);
  for (const problem of several!.split("|")) expect(Object.keys(PROBLEMS)).toContain(problem);
  const isQuota = new RegExp(`^(?:${quotas})$`);
  const named = Object.keys(PROBLEMS).filter((name) => isQuota.test(name));
  expect(named.length).toBe(6);
  for (const name of named) expect(figures).toContain(`seal_inbox_problems_total{problem="${name}"} 0\n`);
});
