// Writers that come after one that may live still, one after the other: until one of them has put a copy in the
// journal's place, each has to.

import { linkSync, mkdirSync, readFileSync, renameSync, rmdirSync, statSync, unlinkSync } from "node:fs";
import { createServer } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { native } from "../../../src/crypto/native.js";
import { openJournalFile } from "../../../src/io/journals/open.js";
import type { JournalStore } from "../../../src/journal/store.js";
import { Writer } from "../../../src/journal/writing/writer.js";
import { WRITE } from "../../journal/writing.js";
import { failure } from "../../support.js";
import { folder } from "../folder.js";

/** Which of the next flushes fails; 0: none. */
const disk = vi.hoisted(() => ({ fails: 0 }));

vi.mock("node:fs", async (original) => {
  const real = await original<typeof import("node:fs")>();
  const fsync = (fd: number, done: (error: Error | null) => void) => {
    if (disk.fails > 0 && --disk.fails === 0) return done(Object.assign(new Error("it is broken"), { code: "EIO" }));
    real.fsync(fd, done);
  };
  return { ...real, fsync };
});

const BYTES = Uint8Array.of(1, 2, 3, 4, 5);
const PIECE = { position: 0, chain: new Uint8Array(32), bytes: BYTES, after: native.sha256(BYTES) };
const newTerm = () => crypto.getRandomValues(new Uint8Array(16));
const inode = (path: string) => statSync(path).ino;

/** The lock of a journal's writer; removed, as by somebody who takes it for a leftover. */
function removeLock({ at, names }: ReturnType<typeof folder>): string {
  const [name] = names().filter((each) => each.startsWith(".j.lock."));
  const id = name!.slice(".j.lock.".length);
  unlinkSync(at(name!));
  unlinkSync(at(`.seal-${id}.lock`));
  return id;
}

/** The lock of a writer as it is after a kill: nobody listens behind its socket. */
async function likeKilled({ at, names }: ReturnType<typeof folder>): Promise<void> {
  const [name] = names().filter((each) => each.startsWith(".j.lock."));
  const socket = at(`.seal-${name!.slice(".j.lock.".length)}.lock`);
  unlinkSync(socket);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(at("s"), resolve));
  linkSync(at("s"), socket);
  await new Promise((resolve) => server.close(resolve));
}

/** Takes a term, and cannot put a copy in the journal's place. */
async function withoutCopy({ at }: ReturnType<typeof folder>): Promise<JournalStore> {
  const store = await openJournalFile(at("j"));
  renameSync(at("j"), at("k"));
  mkdirSync(at("j"));
  expect((await store.takeTerm(newTerm())).is).toBe("unknown");
  rmdirSync(at("j"));
  renameSync(at("k"), at("j"));
  return store;
}

/** A writer with a term and a record, whose lock is gone. */
async function mayLive(place: ReturnType<typeof folder>): Promise<JournalStore> {
  const store = await openJournalFile(place.at("j"));
  expect(await store.takeTerm(newTerm())).toEqual({ is: "done" });
  expect(await store.append(PIECE)).toEqual({ is: "done" });
  removeLock(place);
  return store;
}

describe.runIf(process.platform === "linux")(
  "the journal is copied by whoever comes next, where the one before",
  () => {
    test.each<[string, (place: ReturnType<typeof folder>) => Promise<void>]>([
      [
        "was refused what it asked for",
        async ({ at }) => {
          const store = await openJournalFile(at("j"));
          expect((await failure(Writer.open(store, { ...WRITE, recipients: [] }))).code).toBe("usage");
        },
      ],
      ["could not make the copy", async (place) => (await withoutCopy(place)).close()],
      [
        "was killed before it had made the copy",
        async (place) => {
          await withoutCopy(place);
          await likeKilled(place);
        },
      ],
    ])("%s", async (_what, comeAndGo) => {
      const place = folder();
      await mayLive(place);
      const before = inode(place.at("j"));
      await comeAndGo(place);
      const store = await openJournalFile(place.at("j"));
      expect(await store.takeTerm(newTerm())).toEqual({ is: "done" });
      expect(inode(place.at("j"))).not.toBe(before);
      await store.close();
    });

    test("and then by nobody more, be the writer closed or killed", async () => {
      const place = folder();
      await mayLive(place);
      for (const end of [async (store: JournalStore) => store.close(), () => likeKilled(place)]) {
        const store = await openJournalFile(place.at("j"));
        await store.takeTerm(newTerm());
        const after = inode(place.at("j"));
        await end(store);
        const next = await openJournalFile(place.at("j"));
        expect(await next.takeTerm(newTerm())).toEqual({ is: "done" });
        expect(inode(place.at("j"))).toBe(after);
        await next.close();
      }
    });
  },
);

test("who comes and takes no term leaves the one of before as it is", async () => {
  const place = folder();
  const first = await mayLive(place);
  const before = readFileSync(place.at("j.writer-term"));
  await (await openJournalFile(place.at("j"))).close();
  expect(readFileSync(place.at("j.writer-term"))).toEqual(before);
  const next = { position: 5, chain: PIECE.after, bytes: BYTES, after: PIECE.after };
  expect(await first.append(next)).toEqual({ is: "done" });
});

test.each(["first", "further"])(
  "a %s term of which the name could not be made durable is taken again",
  async (which) => {
    const { at } = folder();
    const store = await openJournalFile(at("j"));
    if (which === "further") await store.takeTerm(newTerm());
    const term = newTerm();
    // The second flush is that of the directory.
    disk.fails = 2;
    expect((await store.takeTerm(term)).is).toBe("unknown");
    expect(await store.takeTerm(term)).toEqual({ is: "done" });
    expect(await store.append(PIECE)).toEqual({ is: "done" });
    await store.close();
  },
);
