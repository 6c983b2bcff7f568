import { readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { Identity, JournalWriter } from "seal";
import { expect, test } from "vitest";
import { stands } from "../../src/keys/stands.js";
import type { FramePlace } from "../../src/keys/unit.js";
import { folder } from "../folder.js";

test("a frame of a journal of seal's stands where it was announced, with its chain value, and nowhere else", async () => {
  const { identity } = await Identity.generate();
  const path = join(await folder(), "journal");
  const frames: FramePlace[] = [];
  const beforeFrame = async ({ position, end, chain }: FramePlace) =>
    void frames.push({ position, end, chain: chain.slice() });
  const writer = await JournalWriter.open(
    { path },
    { recipients: [identity.recipient], signer: identity, beforeFrame },
  );
  for (const text of ["one", "", "three"]) await writer.append(Buffer.from(text));
  writer.nextEpoch();
  await writer.append([Buffer.from("four"), Buffer.from("five")]);
  await writer.close();

  expect(frames.length).toBe(4);
  expect(await Promise.all(frames.map((frame) => stands(path, frame)))).toEqual([true, true, true, true]);
  const [first, second, , last] = frames as [FramePlace, FramePlace, FramePlace, FramePlace];
  expect(last.end).toBe((await readFile(path)).length);
  const others: FramePlace[] = [
    { ...first, chain: second.chain },
    { ...first, end: first.end + 1 },
    { ...first, position: first.position + 1, end: first.end + 1 },
    { position: 0, end: first.end, chain: first.chain },
    { position: last.end, end: last.end + 300, chain: last.chain },
    { ...first, end: first.position + 100 },
    { ...first, end: first.position + 2 ** 40 },
  ];
  for (const [i, other] of others.entries()) expect(await stands(path, other), `${i}`).toBe(false);
  await truncate(path, last.end - 1);
  expect(await stands(path, last)).toBe(false);
  expect(await stands(`${path}.none`, last)).toBe(false);
});
