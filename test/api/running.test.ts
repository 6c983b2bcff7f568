// While an operation of the library runs: progress, and signals that end it.

import { PassThrough, Readable } from "node:stream";
import { expect, test } from "vitest";
import { inspect, open, openBytes, type Progress, seal, verify } from "../../src/index.js";
import { folder } from "../io/folder.js";
import { pieces } from "../support.js";
import { file, opening, plaintext, SMALL, sealing, sender } from "./people.js";

test("progress says how much is done, and of how much", async () => {
  const steps = [SMALL, 2 * SMALL, 10_000];
  const run = async (work: (progress: Progress) => Promise<unknown>) => {
    const seen: [number, number | null][] = [];
    await work((done, total) => seen.push([done, total]));
    expect(seen.map(([done]) => done)).toEqual(steps);
    return new Set(seen.map(([, total]) => total));
  };
  const sink = () => new PassThrough().resume();
  expect(await run((progress) => seal(plaintext, sink(), { ...sealing, progress }))).toEqual(new Set([10_000]));
  expect(await run((progress) => open(file, sink(), { ...opening, progress }))).toEqual(new Set([10_000]));
  expect(await run((progress) => verify(file, { from: [sender.signer], progress }))).toEqual(new Set([10_000]));
  const stream = pieces(plaintext, 1000);
  expect(await run((progress) => seal(stream, sink(), { ...sealing, progress }))).toEqual(new Set([null]));
});

const reason = new Error("the user went home");

test("a signal ends it with its reason, and nothing partial stays", async () => {
  const stalling = async function* (bytes: Uint8Array, controller: AbortController) {
    yield bytes.subarray(0, 6000);
    setImmediate(() => controller.abort(reason));
    await new Promise(() => undefined);
  };
  const box = folder();
  for (const work of [
    (it: AbortController) => seal(stalling(plaintext, it), { path: box.at("out") }, { ...sealing, signal: it.signal }),
    (it: AbortController) => open(stalling(file, it), { path: box.at("out") }, { ...opening, signal: it.signal }),
    (it: AbortController) => verify(stalling(file, it), { from: [sender.signer], signal: it.signal }),
    (it: AbortController) => inspect(stalling(file, it), { signal: it.signal }),
  ]) {
    await expect(work(new AbortController())).rejects.toBe(reason);
    expect(box.names()).toEqual([]);
  }
});

test("a signal ends it while the output stalls", { timeout: 10_000 }, async () => {
  const controller = new AbortController();
  const sink = new PassThrough({ highWaterMark: 1 });
  setImmediate(() => controller.abort(reason));
  const work = seal(new Uint8Array(100_000), sink, { ...sealing, signal: controller.signal });
  await expect(work).rejects.toBe(reason);
  expect(sink.destroyed).toBe(true);
});

test("a signal that has been given before starts nothing", async () => {
  const box = folder();
  const signal = AbortSignal.abort(reason);
  await expect(seal(plaintext, { path: box.at("out") }, { ...sealing, signal })).rejects.toBe(reason);
  await expect(openBytes(file, { ...opening, signal })).rejects.toBe(reason);
  await expect(verify(file, { from: [sender.signer], signal })).rejects.toBe(reason);
  await expect(inspect(Readable.from(pieces(file, 9)), { signal })).rejects.toBe(reason);
  expect(box.names()).toEqual([]);
});
