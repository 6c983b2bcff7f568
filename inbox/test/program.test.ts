// From nothing to a record that the user reads, with the programs as they are installed.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeSite, type Site, serve } from "./program.js";

test("a record on its way from a producer to the user", async () => {
  const site = await makeSite();
  const { url, post, child, ended, log } = await serve(site);
  expect((await post("first")).status).toBe(201);
  const many = await post("second\nthird\n", { "content-type": "application/x-ndjson" });
  expect([many.status, await many.json()]).toEqual([201, { records: 2 }]);

  await writeFile(join(site.path, "headers"), `authorization: Bearer ${site.reader}\n`);
  const from = [`${url}/v1/inboxes/till/journal`, "--key", "ann.key", "--header", "@headers", "--label", "till"];
  const read = () => site.seal("journal", "read", ...from, "--cursor", "cursor", "-q");
  expect(await read()).toMatchObject({ status: 0, stdout: "first\nsecond\nthird\n" });
  expect(await read()).toMatchObject({ status: 0, stdout: "" });
  expect((await post("fourth")).status).toBe(201);
  expect(await read()).toMatchObject({ status: 0, stdout: "fourth\n" });
  const journal = ["journal", "verify", from[0]!, "--from", "inbox.pub", "--header", "@headers", "--json"];
  expect(JSON.parse((await site.seal(...journal)).stdout)).toMatchObject({ ok: true, frames: 3, label: "till" });

  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(log()).toContain('"msg":"stopped"');
  for (const secret of [site.producer, site.reader, "first", "second"]) expect(log()).not.toContain(secret);
});

test("SIGTERM: what was taken in is acknowledged, and nothing else is in the journal", async () => {
  const site = await makeSite();
  const { post, child, ended } = await serve(site);
  const acknowledged: string[] = [];
  const produce = async (producer: number) => {
    for (let i = 0; ; i++) {
      const answer = await post(`${producer}-${i}`).catch(() => null);
      if (answer?.status !== 201) return;
      acknowledged.push(`${producer}-${i}`);
      if (acknowledged.length === 100) child.kill("SIGTERM");
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, producer) => produce(producer)));
  expect(await ended).toBe(0);
  expect((await site.records()).sort()).toEqual(acknowledged.sort());
});

test("SIGHUP begins a new epoch", async () => {
  const site = await makeSite();
  const { post, child, ended } = await serve(site);
  expect((await post("one")).status).toBe(201);
  child.kill("SIGHUP");
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect((await post("two")).status).toBe(201);
  child.kill("SIGTERM");
  await ended;
  const journal = join("box", "inboxes", "till", "journal.sealed");
  const verified = await site.seal("journal", "verify", journal, "--from", "inbox.pub", "--json");
  expect(JSON.parse(verified.stdout)).toMatchObject({ epochs: 2, frames: 2 });
});

test("TLS, and a signing key under a passphrase", async () => {
  const site = await makeSite();
  const pem = ["-keyout", "tls.key", "-out", "tls.crt", "-days", "2", "-subj", "/CN=127.0.0.1"];
  const names = ["-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", ...pem, ...names],
    {
      cwd: site.path,
      stdio: "ignore",
    },
  );
  const env = { SEAL_PASSPHRASE_FILE: join(site.path, "passphrase"), NODE_EXTRA_CA_CERTS: join(site.path, "tls.crt") };
  await writeFile(env.SEAL_PASSPHRASE_FILE, "a long passphrase\n");
  await rm(join(site.path, "inbox.key"));
  await rm(join(site.path, "inbox.pub"));
  await site.sealWith(env, "keygen", "--passphrase", "-o", "inbox.key");
  const { url, log } = await serve(site, ["--tls-cert", "tls.crt", "--tls-key", "tls.key"], [], env);
  expect(url).toMatch(/^https:/);
  await writeFile(join(site.path, "headers"), `authorization: Bearer ${site.reader}\n`);
  const from = [`${url}/v1/inboxes/till/journal`, "--from", "inbox.pub", "--header", "@headers"];
  const verified = await site.sealWith(env, "journal", "verify", ...from, "--json");
  expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, frames: 0 });
  const wrong = await site.inbox("serve", "--dir", "box", "--sign", "inbox.key");
  expect(wrong).toMatchObject({ status: 5, stdout: "" });
  expect(log()).not.toContain("a long passphrase");
});

test("what is stored holds no token, no record and no key, and is nobody else's to read", async () => {
  const site = await makeSite();
  const { post, child, ended } = await serve(site);
  const key = "3f1ad2c1-b7aa-4f0e-8f60-0b2f3c9e7a51";
  expect((await post("a record of its own", { "idempotency-key": key })).status).toBe(201);
  child.kill("SIGTERM");
  await ended;
  const box = join(site.path, "box");
  const files = readdirSync(box, { recursive: true, encoding: "utf8" }).map((name) => join(box, name));
  const held = files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file, "latin1"));
  expect(held.length).toBeGreaterThan(5);
  for (const secret of ["a record of its own", key, site.producer, site.reader]) {
    expect(held.filter((text) => text.includes(secret))).toEqual([]);
    expect(files.filter((file) => file.includes(secret))).toEqual([]);
  }
  expect(statSync(box).mode & 0o777).toBe(0o700);
});

test("the commands", async () => {
  const site = await makeSite();
  const inbox = (...args: string[]) => site.inbox(...args, "--dir", "box");
  const keys = readFileSync(join(site.path, "ann.pub"), "utf8");
  const ann = keys.split("\n").find((line) => line.startsWith("seal1"))!;
  expect(
    (await inbox("add", "second", "--to", ann, "--to", "ann.pub", "--label", "a label", "--json")).stdout,
  ).toContain(`"label":"a label","recipients":["${ann}"]`);
  expect((await inbox("list")).stdout).toMatch(/^second\t0 bytes\t1 recipients\tlabel a label\ntill\t/);
  const tokens = (await inbox("token", "list", "till", "--json")).stdout.split("\n").slice(0, -1);
  expect(tokens.map((line) => JSON.parse(line))).toMatchObject([
    { ok: true, inbox: "till", role: "producer", name: "shop" },
    { role: "reader", name: "ann" },
  ]);
  const { id } = JSON.parse(tokens[0]!);
  expect(await inbox("token", "revoke", "till", id)).toMatchObject({ status: 0, stdout: `revoked ${id}\n` });
  expect((await inbox("token", "list", "till")).stdout.split("\n").length).toBe(2);
  expect((await site.inbox("--version")).stdout).toMatch(/^seal-inbox \d+\.\d+\.\d+\n$/);
  for (const words of [["--help"], ["serve", "--help"], ["token", "create", "-h"]]) {
    expect((await site.inbox(...words)).stdout).toMatch(/^Usage: seal-inbox/);
  }
});

describe("refused:", () => {
  let site: Site;

  beforeAll(async () => {
    site = await makeSite(mkdtempSync(join(tmpdir(), "seal-inbox-")));
  });
  afterAll(() => rmSync(site.path, { recursive: true, force: true }));

  test.each([
    [["init", "box"], 2, "box is not empty"],
    [["add", "till", "--dir", "box", "--to", "ann.pub"], 2, "there is an inbox till already"],
    [["add", "x", "--dir", "box"], 2, "name the recipients with --to"],
    [["add", "X/..", "--dir", "box", "--to", "ann.pub"], 2, "this cannot be the name of an inbox"],
    [["add", "x", "--dir", "box", "--to", "sealsig1qyrz"], 2, "a signer key where a recipient key belongs"],
    [["add", "x", "--dir", "box", "--to", "ann.key"], 2, "--to takes a recipient"],
    [["add", "x", "--dir", "box", "--to", "./ann.key"], 2, "holds a secret key"],
    [["add", "x", "--dir", "box", "--to", "none.pub"], 3, "cannot read none.pub: no such file"],
    [["add", "x", "--dir", "box", "--to", "ann.pub", "--label", "a\nb"], 2, "label"],
    [["add", "x", "--to", "ann.pub"], 2, "is no directory of seal-inbox"],
    [["list", "--dir", "home"], 2, "home is no directory of seal-inbox"],
    [["token", "create", "none", "--dir", "box", "--reader", "ann"], 2, "there is no inbox none"],
    [["token", "create", "till", "--dir", "box"], 2, "either --producer or --reader is due"],
    [["token", "create", "till", "--dir", "box", "--reader", "A B"], 2, "this cannot be the name of a reader"],
    [["token", "revoke", "till", "0123", "--dir", "box"], 2, "has no token of that id"],
    [["token"], 2, 'no command "token"'],
    [["list", "--dir", "box", "--dir", "box"], 2, "--dir is given twice"],
    [["list", "x"], 2, "no argument is due"],
    [["list", "--nonsense"], 2, "--nonsense"],
    [["serve", "--dir", "box"], 2, "--sign is due"],
    [["serve", "--dir", "box", "--sign", "none.key"], 3, "cannot read none.key"],
    [["serve", "--dir", "box", "--sign", "ann.pub"], 2, "--sign ann.pub"],
    [["serve", "--dir", "box", "--sign", "inbox.key", "--listen", "8080"], 2, "--listen takes HOST:PORT"],
    [["serve", "--dir", "box", "--sign", "inbox.key", "--rate", "0"], 2, "--rate takes a number from 1"],
    [["serve", "--dir", "box", "--sign", "inbox.key", "--key-lifetime", "1y"], 2, "--key-lifetime takes a time"],
    [
      ["serve", "--dir", "box", "--sign", "inbox.key", "--tls-cert", "x"],
      2,
      "--tls-cert and --tls-key belong together",
    ],
    [["serve", "--dir", "box", "--sign", "inbox.key", "--log-level", "loud"], 2, "--log-level takes one of"],
  ])("%j is refused", async (words, status, message) => {
    const ended = await site.inbox(...words);
    expect(ended).toMatchObject({ status, stdout: "" });
    expect(ended.stderr.split("\n")[0]).toContain(message);
    expect(ended.stderr).toMatch(/^seal-inbox: error: [^\n]*\n(seal-inbox: hint: [^\n]*\n)?$/);
  });
});

test("a port that is taken", async () => {
  const site = await makeSite();
  const { url } = await serve(site);
  const { host } = new URL(url);
  const second = await site.inbox("serve", "--dir", "box", "--sign", "inbox.key", "--listen", host);
  expect(second).toMatchObject({
    status: 3,
    stderr: `seal-inbox: error: cannot listen on ${host}: the address is in use\n`,
  });
});
