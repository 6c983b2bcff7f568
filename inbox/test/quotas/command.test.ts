// `seal-inbox quota`, and a running service that follows it.

import { describe, expect, test } from "vitest";
import { hasOwnServer, ownServer } from "../own-server.js";
import { makeDatabaseSite, makeSite, serve, serveDatabase } from "../program.js";

const LIMIT = 60_000;

test("quotas are shown, set and cleared, of the inbox, of each producer and of one", { timeout: LIMIT }, async () => {
  const site = await makeSite();
  const quota = (...words: string[]) => site.inbox("quota", "till", ...words, "--dir", "box");
  const none = "the inbox\tany number of requests\t68719476736 bytes/day\tany number of keys\n";
  const each = "each producer\tany number of requests\t34359738368 bytes/day\tany number of keys\n";
  expect(await quota("show")).toEqual({ status: 0, stderr: "", stdout: none + each });
  await quota("set", "--rate", "50", "--burst", "200");
  await quota("set", "--producers", "--bytes", "1g");
  await quota("set", "--bytes", "none");
  const { stdout } = await quota("set", "--producer", "shop", "--rate", "5", "--keys", "100");
  const shop = "producer shop\t5/s (5 at once)\t1073741824 bytes/day\t100 keys\n";
  expect(stdout).toBe(
    `the inbox\t50/s (200 at once)\tany number of bytes\tany number of keys\neach producer\tany number of requests\t1073741824 bytes/day\tany number of keys\n${shop}`,
  );
  const lines = (await quota("show", "--json")).stdout.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { ok: true, inbox: "till", producer: null, rate: 50, burst: 200, bytes: null, keys: null },
    { ok: true, inbox: "till", producer: "*", rate: null, burst: null, bytes: 2 ** 30, keys: null },
    { ok: true, inbox: "till", producer: "shop", rate: 5, burst: 5, bytes: 2 ** 30, keys: 100 },
  ]);
  expect((await quota("set", "--producer", "shop", "--rate", "none")).stdout).toContain(
    "producer shop\tany number of requests\t",
  );
  await quota("clear", "--producer", "shop");
  await quota("clear", "--producers");
  expect((await quota("clear")).stdout).toBe(none + each);
});

test("what it does not take", { timeout: LIMIT }, async () => {
  const site = await makeSite();
  for (const [words, message] of [
    [["till", "change"], "say show, set or clear"],
    [["none", "show"], "there is no inbox none"],
    [["till", "set"], "give --rate, --bytes or --keys"],
    [["till", "set", "--burst", "5"], "--burst needs --rate"],
    [["till", "set", "--rate", "none", "--burst", "5"], "--burst needs --rate"],
    [["till", "set", "--rate", "0"], "--rate takes a number, or none"],
    [["till", "set", "--rate", "1k"], "--rate takes a number, or none"],
    [["till", "set", "--bytes", "1.5g"], "--bytes takes a number such as 500m or 20g, or none"],
    [["till", "set", "--bytes", "9999t"], "--bytes takes a number"],
    [["till", "set", "--keys", "5", "--producer", "A b"], "this cannot be the name of a producer"],
    [["till", "set", "--keys", "5", "--producer", "a", "--producers"], "exclude each other"],
    [["till", "show", "--producer", "shop"], "show takes no --producer"],
    [["till", "clear", "--rate", "5"], "clear takes no --rate"],
  ] as const) {
    const ended = await site.inbox("quota", ...words, "--dir", "box");
    expect(ended).toMatchObject({ status: 2, stdout: "" });
    expect(ended.stderr.split("\n")[0]).toContain(message);
  }
});

const nameOf = async (response: Response) =>
  response.status === 201 ? "" : ((await response.json()) as { type: string }).type.replace("urn:seal-inbox:", "");

test("a running service follows it", { timeout: LIMIT }, async () => {
  const site = await makeSite();
  const { post } = await serve(site);
  expect((await post("x".repeat(100))).status).toBe(201);
  await site.inbox("quota", "till", "set", "--producers", "--bytes", "100", "--dir", "box");
  const refused = async () => (await post("x".repeat(60))).status === 429;
  await expect.poll(refused, { timeout: 20_000, interval: 200 }).toBe(true);
  expect(await nameOf(await post("x".repeat(60)))).toBe("producer-bytes");
});

describe.skipIf(!hasOwnServer)("two services on one database", () => {
  const server = ownServer();

  test("count together what comes to either: a producer has its quota once", { timeout: LIMIT }, async () => {
    const site = await makeDatabaseSite(await server().database());
    const words = ["quota", "till", "set", "--producer", "shop", "--bytes", "1000", "--keys", "7"];
    expect((await site.inbox(...words, "--store", site.database, "--unsafe-store")).status).toBe(0);
    const services = [
      await serveDatabase(site, ["--peers", "127.0.0.1:0"]),
      await serveDatabase(site, ["--peers", "127.0.0.1:0"]),
    ];
    expect((await services[0]!.post("x".repeat(100))).status).toBe(201);
    const answers: string[] = [];
    for (let i = 0; i < 20; i++) answers.push(await nameOf(await services[i % 2]!.post("x".repeat(100))));
    expect(answers).toEqual([...Array(9).fill(""), ...Array(11).fill("producer-bytes")]);
    const waits = await Promise.all(
      services.map(async ({ post }) => Number((await post("x")).headers.get("retry-after"))),
    );
    for (const wait of waits) expect(wait).toBeGreaterThan(0);
  });
});
