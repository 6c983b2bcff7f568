// From nothing to a record that the user reads, with the programs as they are installed.

import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Identity, JournalReader } from "@sealed-files/seal";
import { encodeSshKey } from "@sealed-files/seal/internal";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { oneIn } from "../../test/whole.js";
import { logged } from "./log.js";
import { makeSite, type Site, serve } from "./program.js";

oneIn(8);

const INBOX = fileURLToPath(new URL("../bin/seal-inbox.js", import.meta.url));

test("a record on its way from a producer to the user", async () => {
  const site = await makeSite();
  const { url, post, child, ended, log } = await serve(site);
  expect((await post("first")).status).toBe(201);
  const many = await post("second\nthird\n", { "content-type": "application/x-ndjson" });
  expect([many.status, await many.json()]).toMatchObject([
    201,
    { records: 2, journal: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ]);

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
  await logged(log, '"msg":"stopped"');
  for (const secret of [site.producer, site.reader, "first", "second"]) expect(log()).not.toContain(secret);
});

test("the user is told when a record came, from whom, and what it is", async () => {
  const site = await makeSite();
  const { post, child, ended } = await serve(site);
  const event = { "ce-specversion": "1.0", "ce-type": "order", "ce-source": "/shop", "ce-id": "17" };
  expect((await post('{"order":17}', { "content-type": "application/json", ...event })).status).toBe(201);
  expect((await post("second\nthird\n", { "content-type": "application/x-ndjson" })).status).toBe(201);
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  const ann = await Identity.parse(await readFile(join(site.path, "ann.key")));
  const journal = await JournalReader.open(
    { path: join(site.path, "box/inboxes/till/journal.sealed") },
    { keys: [ann] },
  );
  const came: unknown[] = [];
  for await (const { records } of journal)
    for (const { record, heads } of records.withHeads()) came.push([Buffer.from(record).toString(), { ...heads }]);
  const lone = { producer: "shop", time: expect.stringMatching(/^\d{4}-.*Z$/) };
  expect(came).toEqual([
    ['{"order":17}', { ...event, type: "application/json", ...lone }],
    ["second", lone],
    ["third", lone],
  ]);
});

test("events come out as they went in; the answer names the place", async () => {
  const site = await makeSite();
  const { post, child, ended } = await serve(site, ["--head", "X-Shop"]);
  const event = (id: string, more = "") => `{"specversion":"1.0","id":"${id}","source":"/shop","type":"order"${more}}`;
  const one = await post(event("1", ',"data":{"big":12345678901234567890}'), {
    "content-type": "application/cloudevents+json",
  });
  const place = (await one.json()) as { journal: string; offset: number; time: string };
  const batch = `[${event("2")},\n${event("3", ',"data_base64":"AA=="')}]`;
  await post(batch, { "content-type": "application/cloudevents-batch+json", "x-shop": "17" });
  const binary = { "ce-specversion": "1.0", "ce-id": "4", "ce-source": "/shop", "ce-type": "order" };
  await post('{"a":1}', { "content-type": "application/json", ...binary });
  expect((await post("[]", { "content-type": "application/cloudevents-batch+json" })).status).toBe(400);
  child.kill("SIGTERM");
  await ended;
  const journal = join("box", "inboxes", "till", "journal.sealed");
  const read = async (format: string) => {
    const args = ["journal", "read", journal, "--key", "ann.key", "--label", "till", "-q", "--format", format];
    return (await site.seal(...args)).stdout.split("\n").slice(0, -1);
  };
  const mine = (text: string) => text.replace("{", '{"producer":"shop",');
  const events = await read("cloudevents");
  expect(events.slice(0, 3)).toEqual([
    mine(event("1", ',"data":{"big":12345678901234567890}')),
    mine(event("2")),
    mine(event("3", ',"data_base64":"AA=="')),
  ]);
  expect(JSON.parse(events[3]!)).toMatchObject({ ...{ id: "4", source: "/shop" }, data: { a: 1 }, producer: "shop" });
  const objects = (await read("json")).map((line) => JSON.parse(line));
  expect(objects[0].heads.time).toBe(place.time);
  expect(objects.map(({ heads }) => heads["x-shop"])).toEqual([undefined, "17", "17", undefined]);
  const verified = await site.seal("journal", "verify", journal, "--from", "inbox.pub", "--cursor", "cursor", "--json");
  expect(verified.status).toBe(0);
  expect(await readFile(join(site.path, "cursor"), "utf8")).toContain(place.journal);
  expect(place.offset).toBeGreaterThan(100);
});

test("an address with a token in it, whose webhooks must be signed", async () => {
  const site = await makeSite();
  const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
  await writeFile(join(site.path, "secret"), `${secret}\n`);
  const create = (...args: string[]) =>
    site.inbox("token", "create", "till", "--dir", "box", "--producer", "hook", ...args);
  const { stdout } = await create("--url", "-q");
  expect(stdout).toMatch(/^\/v1\/inboxes\/till\/hooks\/seal-inbox-[\w-]{43}\n$/);
  const signed = await create("--url", "--webhook-secret", "secret", "-o", "hook.address", "--json");
  expect(JSON.parse(signed.stdout)).toMatchObject({ way: "url", signed: true, output: "hook.address" });
  const address = await readFile(join(site.path, "hook.address"), "utf8");
  expect(statSync(join(site.path, "hook.address")).mode & 0o777).toBe(0o600);
  expect((await site.inbox("token", "list", "till", "--dir", "box")).stdout).toMatch(/\turl\n.*\tsigned\n/);
  const { url, log } = await serve(site);
  const send = (path: string) => fetch(`${url}${path.trim()}`, { method: "POST", body: "a=1" });
  expect([(await send(stdout)).status, (await send(address)).status]).toEqual([201, 403]);
  await logged(log, '"msg":"request"');
  for (const text of [
    signed.stdout,
    signed.stderr,
    log(),
    (await site.inbox("token", "list", "till", "--dir", "box", "--json")).stdout,
  ])
    for (const hidden of [secret, secret.slice(6), stdout.trim().split("/").at(-1)!])
      expect(text).not.toContain(hidden);
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

test.each(["SIGINT", "SIGQUIT", "SIGUSR2", "SIGALRM"] as const)("%s ends it as SIGTERM does", async (signal) => {
  const { post, child, ended, log } = await serve(await makeSite());
  expect((await post("one")).status).toBe(201);
  child.kill(signal);
  expect(await ended).toBe(0);
  await logged(log, '"msg":"stopped"');
});

test("SIGUSR1 logs how it is, and opens no debugger", async () => {
  const { post, child, ended, log } = await serve(await makeSite(), [], ["--inspect-port=127.0.0.1:0"]);
  expect((await post("one")).status).toBe(201);
  child.kill("SIGUSR1");
  await logged(log, '"open":1,"queuedBytes":0,"msg":"status"');
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(log()).not.toMatch(/debugger/i);
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

test("recipients who are added and removed while it runs", { timeout: 60_000 }, async () => {
  const site = await makeSite();
  await site.seal("keygen", "-q", "-o", "eve.key", "--from", "inbox.pub");
  const change = (what: string) =>
    site.inbox("recipients", "till", what, "--to", "./eve.pub", "--dir", "box", "--json");
  const { post, child, ended } = await serve(site);
  expect((await post("one")).status).toBe(201);
  const within = () => new Promise((resolve) => setTimeout(resolve, 5100));
  for (const [what, count, record] of [
    ["add", 2, "two"],
    ["remove", 1, "three"],
  ] as const) {
    const { recipients } = JSON.parse((await change(what)).stdout);
    expect(recipients.length).toBe(count);
    await within();
    expect((await post(record)).status).toBe(201);
  }
  child.kill("SIGTERM");
  await ended;
  const journal = join("box", "inboxes", "till", "journal.sealed");
  const left = await site.seal("journal", "read", journal, "--key", "eve.key", "--skip-unreadable");
  expect([left.status, left.stdout]).toEqual([0, "two\n"]);
  expect(await site.records()).toEqual(["one", "two", "three"]);
});

test("an inbox is shortened by command when its reader has acknowledged, and removed", {
  timeout: 60_000,
}, async () => {
  const site = await makeSite();
  const { url, post, child, ended } = await serve(site);
  const journal = `${url}/v1/inboxes/till/journal`;
  await writeFile(join(site.path, "headers"), `authorization: Bearer ${site.reader}\n`);
  const from = ["--key", "ann.key", "--header", "@headers", "--label", "till", "--cursor", "cursor", "-q"];
  const inbox = (...words: string[]) => site.inbox(...words, "--dir", "box");
  const shorten = () => inbox("shorten", "till", "--sign", "inbox.key", "--older-than", "1s");
  for (const record of ["one", "two"]) {
    expect((await post(record)).status).toBe(201);
    child.kill("SIGHUP");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(await site.seal("journal", "read", journal, ...from)).toMatchObject({ status: 0, stdout: "one\ntwo\n" });
  // Another process writes it.
  expect((await shorten()).status).toBe(0);
  const put = { method: "PUT", headers: { authorization: `Bearer ${site.reader}` } };
  const cursor = await readFile(join(site.path, "cursor"));
  expect((await fetch(`${url}/v1/inboxes/till/acknowledgement`, { ...put, body: cursor })).status).toBe(200);
  expect((await inbox("retention", "till", "show")).stdout).toMatch(
    /^till\tnothing is removed\nann\tup to byte \d+\n$/,
  );
  expect((await inbox("retention", "till", "on", "--json")).stdout).toContain(`"shortenAfter":${30 * 86_400_000}`);
  expect((await shorten()).stdout).toBe("till: nothing was removed: nothing has been had for so long\n");
  await new Promise((resolve) => setTimeout(resolve, 1050));
  expect((await shorten()).status).toBe(3);
  child.kill("SIGTERM");
  await ended;
  // While another journal is there, or none, what was acknowledged is not of it.
  const path = join(site.path, "box/inboxes/till/journal.sealed");
  await rename(path, `${path}.aside`);
  expect((await inbox("retention", "till", "show")).stdout).toMatch(/\nann\tnothing of this journal\n$/);
  expect((await shorten()).stdout).toBe("till: nothing was removed: ann acknowledged nothing of it\n");
  await rename(`${path}.aside`, path);
  // Off forgets since when, and so does on.
  for (const what of ["off", "on"]) {
    expect((await inbox("retention", "till", what)).status).toBe(0);
    expect((await shorten()).stdout).toBe("till: nothing was removed: nothing has been had for so long\n");
    await new Promise((resolve) => setTimeout(resolve, 1050));
  }
  expect((await shorten()).stdout).toMatch(/^till: \d+ bytes removed\n$/);
  expect(await site.records()).toEqual(["two"]);
  expect((await inbox("remove", "till", "--with-records")).stdout).toBe("removed till\n");
  const again = await serve(site);
  const gone = await fetch(`${again.url}/v1/inboxes/till/journal`, { headers: put.headers });
  expect([gone.status, await gone.json()]).toMatchObject([410, { type: "urn:seal-inbox:gone" }]);
  expect((await again.post("x")).status).toBe(410);
  const place = join(site.path, "box", "inboxes", "till");
  expect(readdirSync(place).sort()).toEqual(["removed.json", "tokens"]);
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
  await site.inbox("init", "other");
  const wrong = await site.inbox("serve", "--dir", "other", "--sign", "inbox.key");
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
  expect((await inbox("list")).stdout).toMatch(/^second\t0 bytes\t1 recipient\tlabel a label\ntill\t/);
  const tokens = (await inbox("token", "list", "till", "--json")).stdout.split("\n").slice(0, -1);
  expect(tokens.map((line) => JSON.parse(line))).toMatchObject([
    { ok: true, inbox: "till", role: "producer", name: "shop" },
    { role: "reader", name: "ann" },
  ]);
  const written = await inbox("token", "create", "till", "--producer", "other", "-o", "other.header", "--json");
  expect([written.status, statSync(join(site.path, "other.header")).mode & 0o777]).toEqual([0, 0o600]);
  const header = readFileSync(join(site.path, "other.header"), "latin1");
  expect(header).toMatch(/^Authorization: Bearer seal-inbox-[\w-]{43}\n$/);
  expect(written.stdout).not.toContain(header.trim().split(" ").at(-1));
  const { id: other } = JSON.parse(written.stdout);
  const again = await inbox("token", "create", "till", "--producer", "other", "-o", "other.header");
  expect([again.status, again.stderr]).toEqual([2, expect.stringContaining("other.header already exists")]);
  expect((await inbox("token", "create", "till", "--producer", "x", "-o", "none/x")).status).toBe(3);
  expect((await inbox("token", "list", "till")).stdout.split("\n").length).toBe(4);
  await inbox("token", "revoke", "till", other);
  const { id } = JSON.parse(tokens[0]!);
  expect(await inbox("token", "revoke", "till", id)).toMatchObject({ status: 0, stdout: `revoked ${id}\n` });
  expect((await inbox("token", "list", "till")).stdout.split("\n").length).toBe(2);
  const recovery = await inbox("add", "third", "--to", ann);
  expect(recovery.stderr).toContain("add a recovery key");
  await site.seal("keygen", "-q", "-o", "recovery.key");
  const added = await inbox("recipients", "third", "add", "--to", "recovery.pub", "--to", ann);
  expect([added.stdout, added.stderr]).toEqual([
    "added: third is sealed for 2 recipients from its next epoch on\n",
    "",
  ]);
  const [first, second] = (await inbox("recipients", "third", "list")).stdout.split("\n");
  expect(first).toBe(ann);
  expect((await inbox("recipients", "third", "remove", "--to", second!)).stderr).toContain("one key alone opens");
  expect((await inbox("recipients", "third", "list")).stdout).toBe(`${ann}\n`);
  expect((await site.inbox("--version")).stdout).toMatch(/^seal-inbox \d+\.\d+\.\d+\n$/);
  for (const words of [["--help"], ["serve", "--help"], ["token", "create", "-h"]]) {
    expect((await site.inbox(...words)).stdout).toMatch(/^Usage: seal-inbox/);
  }
});

test("a file of keys has room for 4096 recipients, post-quantum, and is read no further", async () => {
  const { path, inbox } = await makeSite();
  const add = (name: string, file: string) => inbox("add", name, "--to", file, "--dir", "box");
  writeFileSync(join(path, "many.pub"), `${"# whose it is\n".repeat(600_000)}${readFileSync(join(path, "ann.pub"))}`);
  expect(await add("second", "many.pub")).toMatchObject({ status: 0 });
  writeFileSync(join(path, "more.pub"), "");
  truncateSync(join(path, "more.pub"), 2 ** 40);
  const refused = await add("third", "more.pub");
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining("more.pub: far too long")]);
});

test("an inbox is made for keys of ssh, each of which is sealed for", async () => {
  const site = await makeSite();
  const inbox = (...args: string[]) => site.inbox(...args, "--dir", "box", "--json");
  const keys = Array.from({ length: 3 }, () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    return encodeSshKey(Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url"));
  });
  const [one, two, three] = keys as [string, string, string];
  writeFileSync(join(site.path, "keys.pub"), `# of ssh\n${one} one@example.com\nno-pty ${two}\n`);
  const added = await inbox("add", "for-ssh", "--to", "keys.pub", "--to", `${three} three@example.com`);
  expect([added.stderr, JSON.parse(added.stdout).recipients]).toEqual(["", keys]);
  writeFileSync(join(site.path, "gone.pub"), `expiry-time="20200101" ${two}\n`);
  const removed = await inbox("recipients", "for-ssh", "remove", "--to", "gone.pub");
  expect([removed.stderr, JSON.parse(removed.stdout).recipients]).toEqual(["", [one, three]]);
  writeFileSync(join(site.path, "both.pub"), `${readFileSync(join(site.path, "ann.pub"), "utf8")}${one}\n`);
  writeFileSync(join(site.path, "old.pub"), `${one}\nexpiry-time="20200101" ${two}\n`);
  for (const [file, words] of [
    ["both.pub", /classic/],
    ["old.pub", /^seal-inbox: error: old.pub: line 2: the key has expired/],
  ] as const) {
    const refused = await site.inbox("add", "x", "--dir", "box", "--to", file);
    expect([refused.status, refused.stderr], file).toEqual([2, expect.stringMatching(words)]);
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
    [["add", "till", "--dir", "box", "--to", "ann.pub"], 2, "there is already an inbox till"],
    [["add", "x", "--dir", "box"], 2, "an inbox needs a recipient"],
    [["add", "X/..", "--dir", "box", "--to", "ann.pub"], 2, "this cannot be the name of an inbox"],
    [["add", "x", "--dir", "box", "--to", "sealsig1qyrz"], 2, "a signer key where a recipient key belongs"],
    [["add", "x", "--dir", "box", "--to", "ann.key"], 2, "--to takes a recipient"],
    [["add", "x", "--dir", "box", "--to", "./ann.key"], 2, "this is a secret identity"],
    [["add", "x", "--dir", "box", "--to", "none.pub"], 3, "none.pub: cannot open it: no such file"],
    [["add", "x", "--dir", "box", "--to", "ann.pub", "--label", "a\nb"], 2, "label"],
    [["add", "x", "--to", "ann.pub"], 2, "is no directory of seal-inbox"],
    [["list", "--dir", "home"], 2, "home is no directory of seal-inbox"],
    [["token", "create", "none", "--dir", "box", "--reader", "ann"], 2, "there is no inbox none"],
    [["token", "create", "till", "--dir", "box"], 2, "give either --producer or --reader"],
    [["token", "create", "till", "--dir", "box", "--reader", "A B"], 2, "this cannot be the name of a reader"],
    [["token", "create", "till", "--dir", "box", "--reader", "ann", "--url"], 2, "--url is for producers"],
    [["token", "create", "till", "--dir", "box", "--producer", "x", "--webhook-secret", "ann.pub"], 2, "whsec_"],
    [
      ["token", "create", "till", "--dir", "box", "--producer", "x", "--url", "--webhook-secret", "whsec_x"],
      2,
      "takes a file",
    ],
    [
      ["token", "create", "till", "--dir", "box", "--producer", "x", "--url", "--webhook-secret", "none"],
      3,
      "cannot read none",
    ],
    [["recipients", "till", "remove", "--dir", "box", "--to", "ann.pub"], 2, "an inbox needs a recipient"],
    [["recipients", "till", "remove", "--dir", "box", "--to", "inbox.pub"], 2, "is no recipient of till"],
    [["recipients", "till", "add", "--dir", "box"], 2, "--to is missing"],
    [["recipients", "till", "list", "--dir", "box", "--to", "ann.pub"], 2, "list takes no --to"],
    [["recipients", "till", "change", "--dir", "box"], 2, "say list, add or remove"],
    [["recipients", "none", "list", "--dir", "box"], 2, "there is no inbox none"],
    [["retention", "till", "never", "--dir", "box"], 2, "say show, on or off"],
    [["retention", "till", "off", "--dir", "box", "--older-than", "1d"], 2, "--older-than is for on"],
    [["retention", "till", "on", "--dir", "box", "--older-than", "0d"], 2, "--older-than takes a time"],
    [["shorten", "till", "--dir", "box"], 2, "--sign is missing"],
    [["remove", "till", "--dir", "box"], 2, "this removes till with all its records"],
    [["remove", "none", "--with-records", "--dir", "box"], 2, "there is no inbox none"],
    [["token", "revoke", "till", "0123", "--dir", "box"], 2, "has no token with that id"],
    [["token"], 2, 'no command "token"'],
    [["list", "--dir", "box", "--dir", "box"], 2, "--dir is given twice"],
    [["list", "x"], 2, "no argument expected"],
    [["list", "--nonsense"], 2, "--nonsense"],
    [["serve", "--dir", "box"], 2, "--sign is missing"],
    [["serve", "--dir", "box", "--sign", "none.key"], 3, "cannot read none.key"],
    [["serve", "--dir", "box", "--sign", "ann.pub"], 2, "--sign ann.pub"],
    [["serve", "--dir", "box", "--sign", "inbox.key", "--listen", "8080"], 2, "--listen takes HOST:PORT"],
    [["serve", "--dir", "box", "--sign", "inbox.key", "--rate", "0"], 2, "--rate takes a number from 1"],
    [["serve", "--dir", "box", "--sign", "inbox.key", "--head", "Authorization"], 2, "this header cannot be kept"],
    [["serve", "--dir", "box", "--sign", "inbox.key", "--allow-origin", "*"], 2, "this is no origin"],
    [["serve", "--dir", "box", "--sign", "inbox.key", "--head", "ce-id"], 2, "this header cannot be kept"],
    [["serve", "--dir", "box", "--sign", "inbox.key", "--key-lifetime", "1y"], 2, "--key-lifetime takes a time"],
    [
      ["serve", "--dir", "box", "--sign", "inbox.key", "--tls-cert", "x"],
      2,
      "--tls-cert and --tls-key must be given together",
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
  await site.inbox("init", "other");
  const second = await site.inbox("serve", "--dir", "other", "--sign", "inbox.key", "--listen", host);
  expect(second).toMatchObject({
    status: 3,
    stderr: `seal-inbox: error: cannot listen on ${host}: the address is in use\n`,
  });
});

test("a place that cannot be meant is refused: empty, relative, or of a name that Node cannot hand on", async () => {
  const site = await makeSite();
  const inbox = (shell: string) => {
    try {
      return execFileSync("sh", ["-c", `{ ${shell}; } 2>&1`], {
        cwd: site.path,
        encoding: "utf8",
        env: { ...process.env, INBOX },
      });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };
  expect(inbox('SEAL_INBOX_DIR= node "$INBOX" list')).toMatch(/^seal-inbox: error: SEAL_INBOX_DIR is empty\n/);
  expect(inbox('SEAL_INBOX_DIR=box node "$INBOX" list')).toMatch(/SEAL_INBOX_DIR is not an absolute path/);
  expect(inbox('SEAL_INBOX_DIR="$PWD/box" node "$INBOX" list')).toMatch(/^till\t/);
  expect(inbox('node "$INBOX" list --dir ""')).toMatch(/--dir is empty/);
  expect(inbox('node "$INBOX" init ""')).toMatch(/an argument is empty/);
  if (process.platform !== "linux") return;
  const damaged = `D=$(printf 'd\\377'); U=$(printf 'd\\357\\277\\275'); cp -r box "$U"; mkdir -p "$D";`;
  expect(inbox(`${damaged} node "$INBOX" list --dir "$D"`)).toMatch(/an argument is not UTF-8/);
  expect(inbox('SEAL_INBOX_DIR="$PWD/$(printf \'d\\377\')" node "$INBOX" list')).toMatch(/SEAL_INBOX_DIR is not UTF-8/);
  expect(inbox('node "$INBOX" list --dir "$(printf \'d\\357\\277\\275\')"')).toMatch(/^till\t/);
});
