import { execFile } from "node:child_process";
import { readFile, truncate } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { Identity, JournalWriter } from "@sealed-files/seal";
import { expect, test } from "vitest";
import { standsIn } from "../../src/idempotency/stands.js";
import { copyOfPlace, type FramePlace } from "../../src/idempotency/unit.js";
import { openReading } from "../../src/store/directory/reading.js";
import { folder } from "../folder.js";

const run = promisify(execFile);
const stands = (journal: string, frame: FramePlace) => standsIn(() => openReading(journal))(frame, true);

test("a frame of a journal of seal's stands where it was announced, with its chain value, and nowhere else", async () => {
  const { identity } = await Identity.generate();
  const path = join(await folder(), "journal");
  const frames: FramePlace[] = [];
  const beforeFrame = async (frame: FramePlace) => void frames.push(copyOfPlace(frame));
  const writer = await JournalWriter.open({ path }, { to: [identity.recipient], sign: identity, beforeFrame });
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
    { ...first, position: 0 },
    { ...last, position: last.end, end: last.end + 300 },
    { ...first, end: first.position + 100 },
    { ...first, end: first.position + 2 ** 40 },
  ];
  for (const [i, other] of others.entries()) expect(await stands(path, other), `${i}`).toBe(false);
  await truncate(path, last.end - 1);
  expect(await stands(path, last)).toBe(false);
  expect(await stands(`${path}.none`, last)).toBe(false);
});

test("behind a base a frame stands where it did, and one before it did once", async () => {
  const directory = await folder();
  const [path, key] = [join(directory, "journal"), join(directory, "shop.key")];
  const seal = (...words: string[]) => run(process.execPath, [resolve("bin/seal.js"), ...words]);
  await seal("keygen", "-o", key, "-q");
  const identity = await Identity.parse(await readFile(key));
  const frames: FramePlace[] = [];
  const beforeFrame = async (frame: FramePlace) => void frames.push(copyOfPlace(frame));
  const writer = await JournalWriter.open({ path }, { to: [identity.recipient!], sign: identity, beforeFrame });
  await writer.append(Buffer.from("one"));
  writer.nextEpoch();
  await writer.append(Buffer.from("two"));
  await writer.close();
  const { stdout } = await seal("journal", "drop", path, "--before", "0s", "--sign", key, "--json");
  expect(JSON.parse(stdout)).toMatchObject({ epochs: 1, frames: 1 });
  const [gone, kept] = frames as [FramePlace, FramePlace];
  expect(await Promise.all([gone, kept].map((frame) => stands(path, frame)))).toEqual([true, true]);
  expect(await stands(path, { ...kept, chain: gone.chain })).toBe(false);
  // A frame that ends where the base begins has the chain value that the base names.
  expect(await stands(path, { ...gone, chain: kept.chain })).toBe(false);
  // What had its place in another journal was never in this one, whatever this one's base says is gone.
  const journal = Buffer.alloc(32, 1);
  expect(await stands(path, { ...gone, journal })).toBe(false);
  expect(await stands(path, { ...gone, journal, end: gone.end - 1 })).toBe(false);
  const earlier = { ...gone, end: gone.end - 1 };
  expect(await stands(path, earlier)).toBe(true);
  // Nobody knows of it whether it was written.
  expect(await standsIn(() => openReading(path))(earlier, false)).toBe(false);
  expect(await standsIn(() => openReading(path))(gone, false)).toBe(true);
});
