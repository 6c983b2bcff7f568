// What the service says of itself where inboxes cannot be used, and what it gives of them all the same.

import { rename } from "node:fs/promises";
import type { JournalFile } from "@sealed-files/seal";
import { SealError } from "@sealed-files/seal";
import { expect, test, vi } from "vitest";
import { descriptorLimit, shares } from "../../src/server/descriptors.js";
import { DirectoryPlace } from "../../src/store/directory/place.js";
import { Directory } from "../../src/store/directory/store.js";
import { TokenFiles } from "../../src/store/directory/tokens.js";
import { createToken } from "../../src/store/tokens.js";
import type { OpenWriter } from "../../src/writer.js";
import { fakeDisk } from "../fake-writer.js";
import { type Running, startService } from "../service.js";

const RETRY = 40;
const failure = (code: string) =>
  new SealError("io", `cannot open: ${code}`, { cause: Object.assign(new Error(), { code }) });

/** Whose journals cannot be opened while the error of their name is there. */
function failing() {
  const errors = new Map<string, Error>();
  const disk = fakeDisk();
  const openWriter: OpenWriter = async (options) => {
    for (const [name, error] of errors) if ((options.journal as JournalFile).path.includes(`/${name}/`)) throw error;
    return disk.openWriter(options);
  };
  return { errors, openWriter, disk };
}

async function healthOf({ url }: Running) {
  const response = await fetch(`${url}/health`);
  const { status, detail, failing } = (await response.json()) as Record<string, unknown>;
  return [response.status, detail ?? status, ...(failing === undefined ? [] : [failing])];
}

const metricsOf = async ({ url }: Running) => (await (await fetch(`${url}/metrics`)).text()).split("\n");

async function addSecond({ directory, url }: Running): Promise<() => Promise<Response>> {
  const { recipients } = await directory.settings("till");
  await directory.add("second", { label: "second", recipients });
  const { token } = await createToken(directory.place("second"), "producer", "shop");
  const headers = { authorization: `Bearer ${token}`, "content-type": "text/plain" };
  return () => fetch(`${url}/v1/inboxes/second/records`, { method: "POST", body: "x", headers });
}

test("a service whose only inbox cannot be opened is not well, says why, and is well again without being asked", async () => {
  const { errors, openWriter } = failing();
  const running = await startService(openWriter, { retry: RETRY });
  errors.set("till", new SealError("tampered", "the journal is not as it was left"));
  expect((await running.post("x")).status).toBe(503);
  for (let i = 0; i < 3; i++) {
    expect(await healthOf(running)).toEqual([503, "No inbox can be used: refused."]);
    await new Promise((resolve) => setTimeout(resolve, 2 * RETRY));
  }
  const figures = await metricsOf(running);
  expect(figures).toContain('seal_inbox_failing_inboxes{problem="refused"} 1');
  expect(figures).toContain('seal_inbox_problems_total{problem="refused"} 1');
  expect(figures).toContain('seal_inbox_storage_failures_total{problem="refused"} 1');
  errors.clear();
  await vi.waitFor(async () => expect(await healthOf(running)).toEqual([200, "ok"]), { timeout: 10_000 });
});

test("one inbox whose journal is not in order leaves the others and the service well", async () => {
  const { errors, openWriter } = failing();
  const running = await startService(openWriter, { retry: 100_000 });
  const postSecond = await addSecond(running);
  errors.set("second", new SealError("tampered", "the journal is missing"));
  expect((await postSecond()).status).toBe(503);
  expect(await healthOf(running)).toEqual([200, "degraded", 1]);
  expect((await running.post("x")).status).toBe(201);
  expect(await healthOf(running)).toEqual([200, "degraded", 1]);
});

test("a disk that takes nothing makes the whole service unwell, though other inboxes have not been asked for", async () => {
  const { errors, openWriter } = failing();
  const running = await startService(openWriter, { retry: 100_000 });
  await addSecond(running);
  errors.set("till", failure("ENOSPC"));
  expect((await running.post("x")).status).toBe(507);
  // The disk of this test is not full.
  expect(await healthOf(running)).toEqual([200, "degraded", 1]);
  await rename(running.directory.path, `${running.directory.path}.away`);
  expect(await healthOf(running)).toEqual([503, "No inbox can be used: storage."]);
  await rename(`${running.directory.path}.away`, running.directory.path);
});

test("what was acknowledged can be read while the journal cannot be written", async () => {
  const { errors, openWriter } = failing();
  const running = await startService(openWriter, { idle: 50 });
  expect((await running.post("first")).status).toBe(201);
  const before = await running.get();
  const bytes = Buffer.from(await before.arrayBuffer());
  await vi.waitFor(() => expect(running.events.at(-1)).toMatchObject({ is: "closed" }), { timeout: 10_000 });
  for (const error of [failure("ENOSPC"), failure("EMFILE"), new SealError("tampered", "not as it was left")]) {
    errors.set("till", error);
    expect((await running.post("second")).status).not.toBe(201);
    const read = await running.get();
    expect([read.status, Buffer.from(await read.arrayBuffer())]).toEqual([200, bytes]);
    const tag = read.headers.get("etag")!;
    // Its end may be another one later: what was read before goes on, and this does not.
    expect((await running.get({ range: "bytes=1-", "if-range": before.headers.get("etag")! })).status).toBe(206);
    expect((await running.get({ range: "bytes=1-", "if-range": tag })).status).toBe(200);
    expect((await running.get({ "if-none-match": tag })).status).toBe(304);
    expect((await running.get({}, "HEAD")).headers.get("content-length")).toBe(String(bytes.length));
    await new Promise((resolve) => setTimeout(resolve, 1100));
  }
  await rename(running.place.journal, `${running.place.journal}.away`);
  expect((await running.get()).status).toBe(503);
});

test("descriptors are shared between inboxes and connections, and some are left", () => {
  for (const limit of [80, 128, 1024, 524_288]) {
    const { inboxes, connections } = shares(limit);
    expect(6 * inboxes + 2 * connections + 64).toBeLessThanOrEqual(limit);
    expect(Math.min(inboxes, connections)).toBeGreaterThan(0);
  }
  expect(shares(null).inboxes).toBe(Number.POSITIVE_INFINITY);
  if (process.platform === "linux") expect(descriptorLimit()).toBeGreaterThan(0);
});

test("a store that cannot be asked for tokens, or read, is not well, and is well when it answers again", async () => {
  const running = await startService(fakeDisk().openWriter, { retry: 100_000 });
  expect(await healthOf(running)).toEqual([200, "ok"]);
  const gone = failure("ECONNREFUSED");
  const spies = [
    vi.spyOn(TokenFiles.prototype, "get").mockRejectedValue(gone),
    vi.spyOn(Directory.prototype, "probe").mockRejectedValue(gone),
  ];
  const stranger = { authorization: `Bearer ${"A".repeat(43)}` };
  expect((await running.get(stranger)).status).toBe(503);
  expect(await healthOf(running)).toEqual([503, "No inbox can be used: storage."]);
  expect(await metricsOf(running)).toContain('seal_inbox_storage_failures_total{problem="storage"} 1');
  for (const spy of spies) spy.mockRestore();
  expect(await healthOf(running)).toEqual([200, "ok"]);
  const reading = vi.spyOn(DirectoryPlace.prototype, "reading").mockRejectedValue(gone);
  expect((await running.get()).status).toBe(503);
  expect(await healthOf(running)).toEqual([503, "No inbox can be used: storage."]);
  reading.mockRestore();
});
