// A disk of which a flush fails, after which the kernel takes the bytes for written: they are read as before, are not
// on the disk, and no later flush says so. What is acknowledged then must have been written again.

import { linkSync, unlinkSync } from "node:fs";
import { createServer } from "node:net";
import { beforeEach, expect, test, vi } from "vitest";
import { openJournalFile } from "../../../src/io/journals/open.js";
import type { Writer } from "../../../src/journal/writing/writer.js";
import { all, ascending, frame, freshTerm, HEADER, header } from "../../journal/store-place.js";
import { append, openWriter } from "../../journal/writing.js";
import { folder } from "../folder.js";

/** Bytes from … to, of the file of one inode. */
type Range = readonly [from: number, to: number];

/** `flush`, `truncate`: how many of the next such calls fail. */
const disk = vi.hoisted(() => ({
  flush: 0,
  truncate: 0,
  dirty: new Map<bigint, Range[]>(),
  lost: new Map<bigint, Range[]>(),
}));

vi.mock("node:fs", async (original) => {
  const real = await original<typeof import("node:fs")>();
  const { promisify } = await import("node:util");
  const inode = (fd: number) => real.fstatSync(fd, { bigint: true }).ino;
  const without = (ranges: Range[] = [], [from, to]: Range): Range[] =>
    ranges
      .flatMap(([a, b]): Range[] => [
        [a, Math.min(b, from)],
        [Math.max(a, to), b],
      ])
      .filter(([a, b]) => a < b);
  const broken = () => Object.assign(new Error("it is broken"), { code: "EIO" });

  const writeFd = promisify(real.write);
  const write = async (fd: number, bytes: Uint8Array, offset: number, length: number, position: number | null) => {
    const done = await writeFd(fd, bytes, offset, length, position);
    const range: Range = [position ?? 0, (position ?? 0) + done.bytesWritten];
    disk.lost.set(inode(fd), without(disk.lost.get(inode(fd)), range));
    disk.dirty.set(inode(fd), [...(disk.dirty.get(inode(fd)) ?? []), range]);
    return done;
  };
  const flush = (name: "fsync" | "fdatasync") => (fd: number, done: (error: Error | null) => void) => {
    const dirty = disk.dirty.get(inode(fd)) ?? [];
    disk.dirty.delete(inode(fd));
    if (dirty.length === 0 || disk.flush === 0) return real[name](fd, done);
    disk.flush -= 1;
    disk.lost.set(inode(fd), [...(disk.lost.get(inode(fd)) ?? []), ...dirty]);
    done(broken());
  };
  const ftruncate = (fd: number, length: number, done: (error: Error | null) => void) => {
    if (disk.truncate > 0) {
      disk.truncate -= 1;
      return done(broken());
    }
    for (const ranges of [disk.dirty, disk.lost]) {
      ranges.set(inode(fd), without(ranges.get(inode(fd)), [length, Number.POSITIVE_INFINITY]));
    }
    real.ftruncate(fd, length, done);
  };
  const played = Object.assign(real.write.bind(real), { [promisify.custom]: write });
  return { ...real, write: played, fsync: flush("fsync"), fdatasync: flush("fdatasync"), ftruncate };
});
// Whoever repeats something waits a little before.
vi.mock("node:timers/promises", async (original) => ({
  ...(await original<typeof import("node:timers/promises")>()),
  setTimeout: async () => undefined,
}));

beforeEach(() => {
  Object.assign(disk, { flush: 0, truncate: 0 });
  for (const ranges of [disk.dirty, disk.lost]) ranges.clear();
});

/** Appends; where that is acknowledged, all that can be read is on the disk. */
async function appended(writer: Writer, record: string): Promise<boolean> {
  const isDone = await append(writer, record).then(
    () => true,
    () => false,
  );
  const missing = [...disk.lost.values(), ...disk.dirty.values()].flat();
  if (isDone) expect(missing, `what ${record} stands on, and is not on the disk`).toEqual([]);
  return isDone;
}

/** The lock of a writer as it is after a kill: nobody listens behind its socket. */
async function kill({ at, names }: ReturnType<typeof folder>): Promise<void> {
  const name = names().find((each) => each.startsWith(".j.lock."))!;
  const socket = at(`.seal-${name.slice(".j.lock.".length)}.lock`);
  unlinkSync(socket);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(at("s"), resolve));
  linkSync(at("s"), socket);
  await new Promise((resolve) => server.close(resolve));
}

const times = [0, 1, 2, 3, 4, 5];
const faults = times.flatMap((flush) => times.map((truncate) => ({ flush, truncate })));

test.runIf(process.platform === "linux").each(faults)(
  "$flush flushes fail, and $truncate attempts to take back what was written",
  async (fault) => {
    const place = folder();
    const writer = await openWriter(await openJournalFile(place.at("j")));
    expect(await appended(writer, "a")).toBe(true);
    Object.assign(disk, fault);
    await appended(writer, "b");
    Object.assign(disk, { flush: 0, truncate: 0 });
    expect(await appended(writer, "c")).toBe(true);
    await writer.close();
  },
);

test.runIf(process.platform === "linux").each(faults)(
  "$flush flushes fail, and $truncate attempts to take back: who comes after a kill then stands on what is there",
  async (fault) => {
    const place = folder();
    const writer = await openWriter(await openJournalFile(place.at("j")));
    expect(await appended(writer, "a")).toBe(true);
    Object.assign(disk, fault);
    await appended(writer, "b");
    Object.assign(disk, { flush: 0, truncate: 0 });
    await kill(place);
    const next = await openWriter(await openJournalFile(place.at("j")));
    expect(await appended(next, "c")).toBe(true);
    await next.close();
  },
);

test("a journal that cannot be shortened, as its new file is not flushed, is as it was, and that is known", async () => {
  const store = await openJournalFile(folder().at("j"));
  expect(await store.takeTerm(freshTerm())).toEqual({ is: "done" });
  // Small writes are no concern of this disk.
  const large = { ...frame, bytes: new Uint8Array(100_000).fill(3) };
  for (const piece of [header, large]) expect(await store.append(piece)).toEqual({ is: "done" });
  const base = ascending(30, 1);
  disk.flush = 1;
  expect(await store.shorten(null, base, 100)).toMatchObject({ is: "failed", error: { code: "io" } });
  expect(await all(store)).toEqual([...HEADER, ...large.bytes]);
  expect(await store.shorten(null, base, 100)).toEqual({ is: "done" });
  expect(await all(store)).toEqual([...base, ...large.bytes]);
  await store.close();
});
