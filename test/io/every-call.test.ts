// Every call of an operation to the system, made to fail: the first alone, the second alone, and so on, until it gets
// through. Whatever fails, there is the old state or the new one, or what can be gone on with.

import { chownSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { keygenCommand } from "../../src/cli/commands/keygen.js";
import { editContacts } from "../../src/cli/options/contacts.js";
import { SealError } from "../../src/errors.js";
import { openTo } from "../../src/files/open.js";
import { resume } from "../../src/files/resume.js";
import { rewrapTo } from "../../src/files/rewrap.js";
import { sealTo } from "../../src/files/seal.js";
import { type FileSource, openSource } from "../../src/io/files.js";
import { removeTemporaries } from "../../src/io/leftovers.js";
import { type OutputOptions, openOutput } from "../../src/io/output.js";
import { resumableOutput } from "../../src/io/partial.js";
import { addContact } from "../../src/keys/contacts-edit.js";
import { CHUNK, content, OPEN, recipient, SEAL, sealed, sender, stranger } from "../files/samples.js";
import { identityFile } from "../support.js";
import { oneIn } from "../whole.js";
import { made, play } from "./calls.js";
import { folder } from "./folder.js";

oneIn(3);

vi.mock("node:fs", async (original) => (await import("./calls.js")).failingFs(await original<object>()));

beforeEach(() => {
  // Time flies, so that what is to be flushed every few seconds is flushed at every write.
  let time = 0;
  vi.spyOn(performance, "now").mockImplementation(() => {
    time += 6000;
    return time;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

type Box = ReturnType<typeof folder>;

interface Scenario {
  prepare(box: Box): Promise<void> | void;
  work(box: Box): Promise<unknown>;
  /** What is written or replaced: each is as before, or `isNew`. */
  readonly outputs: readonly string[];
  isNew(box: Box): boolean | Promise<boolean>;
}

const PLAIN = content(2 * CHUNK + 7);

/** Two recipients, so that rewrapping for one makes another file. */
const file = (async () => (await sealed(PLAIN, { recipients: [recipient.publicKey, stranger.publicKey] })).file)();

async function from<T>(path: string, work: (source: FileSource) => Promise<T>): Promise<T> {
  const source = await openSource(path);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

async function opens(path: string): Promise<boolean> {
  const sink = await openOutput(`${path}.opened`);
  await from(path, (source) => openTo(source, sink, OPEN));
  const isRight = readFileSync(`${path}.opened`).equals(PLAIN);
  rmSync(`${path}.opened`);
  return isRight;
}

const sealing = (options: OutputOptions): Scenario => ({
  prepare: (box) => {
    writeFileSync(box.at("in"), PLAIN);
    if (options.force) writeFileSync(box.at("out"), "old");
  },
  work: (box) => from(box.at("in"), async (source) => sealTo(source, await openOutput(box.at("out"), options), SEAL)),
  outputs: ["out"],
  isNew: (box) => opens(box.at("out")),
});

const opening = (options: OutputOptions, range?: { first: number; last: number }): Scenario => ({
  prepare: async (box) => {
    writeFileSync(box.at("in"), await file);
    if (options.force) writeFileSync(box.at("out"), "old");
  },
  work: (box) =>
    from(box.at("in"), async (source) => openTo(source, await openOutput(box.at("out"), options), { ...OPEN, range })),
  outputs: ["out"],
  isNew: (box) => readFileSync(box.at("out")).equals(range ? PLAIN.subarray(range.first, range.last + 1) : PLAIN),
});

const resuming = (left: number, options: OutputOptions = {}): Scenario => ({
  prepare: async (box) => {
    const whole = await file;
    writeFileSync(box.at("in"), whole.subarray(0, left));
    if (left < whole.length) await expect(goOn(box, {})).rejects.toThrow(/early|chunk/);
    writeFileSync(box.at("in"), whole);
    if (options.force) writeFileSync(box.at("out"), "old");
  },
  work: (box) => goOn(box, options),
  outputs: ["out"],
  isNew: (box) => readFileSync(box.at("out")).equals(PLAIN),
});

const goOn = (box: Box, options: OutputOptions) =>
  from(box.at("in"), async (source) => resume(source, await resumableOutput(box.at("out"), options), OPEN));

/** Only root can give a file away. */
const isRoot = process.getuid?.() === 0;

const silent = {
  report: { result: () => {}, note: () => {}, failure: () => {}, progress: null, json: false },
  signal: new AbortController().signal,
};

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  seal: sealing({}),
  "seal, replacing": sealing({ force: true }),
  open: opening({}),
  "open, replacing": opening({ force: true }),
  "open a range": opening({}, { first: 3, last: CHUNK + 9 }),
  "open, to be gone on with": resuming(Number.POSITIVE_INFINITY),
  "open, going on": resuming(CHUNK + 700),
  "open, going on, replacing": resuming(CHUNK + 700, { force: true }),
  "rewrap in place": {
    prepare: async (box) => writeFileSync(box.at("in"), await file, { mode: 0o640 }),
    work: (box) =>
      from(box.at("in"), async (source) =>
        rewrapTo(source, await openOutput(box.at("in"), { input: source.id, inPlace: true }), {
          ...SEAL,
          identities: [identityFile(recipient)],
          signer: sender.signingKey,
        }),
      ),
    outputs: ["in"],
    isNew: async (box) => statSync(box.at("in")).size < (await file).length && (await opens(box.at("in"))),
  },
  keygen: {
    prepare: () => {},
    work: (box) => keygenCommand.run([], { output: box.at("new.key") }, silent),
    outputs: ["new.key", "new.pub"],
    isNew: (box) => /SEAL-SECRET-KEY/.test(readFileSync(box.at("new.key"), "utf8")),
  },
  "contacts add": {
    prepare: (box) => {
      writeFileSync(box.at("contacts"), "# mine\n", { mode: 0o640 });
      if (isRoot) chownSync(box.at("contacts"), 1, 1);
    },
    work: (box) => {
      const keys = { recipients: [recipient.recipient], signers: [] };
      const adding = { sender: false, replace: false, now: "2025-01-01T00:00:00Z" };
      return editContacts(box.at("contacts"), false, silent.signal, (all) => addContact(all, "bob", keys, adding));
    },
    outputs: ["contacts"],
    isNew: (box) => /^# mine\nbob seal1/.test(readFileSync(box.at("contacts"), "utf8")),
  },
};

/** What is there: the content and the mode of each file. */
function stateOf(box: Box, names: readonly string[] = box.names()): string[] {
  return names.map((name) => {
    if (!box.names().includes(name)) return `no ${name}`;
    const mode = statSync(box.at(name)).mode & 0o777;
    return `${name} ${mode.toString(8)} ${readFileSync(box.at(name)).toString("base64")}`;
  });
}

async function played(work: () => Promise<unknown>, turn: number): Promise<unknown> {
  Object.assign(play, { isOn: true, turn, count: 0, failed: "" });
  try {
    return await work().then(
      () => null,
      (error) => error,
    );
  } finally {
    play.isOn = false;
  }
}

const isPartial = (name: string) => name.endsWith(".seal-partial");

describe("each call that fails, of", () => {
  test.each(Object.entries(SCENARIOS))("%s", async (_name, scenario) => {
    for (let turn = 1; ; turn++) {
      const box = folder();
      await scenario.prepare(box);
      const before = stateOf(box, scenario.outputs);
      const names = box.names().filter((name) => !isPartial(name));
      const error = await played(() => scenario.work(box), turn);
      const { failed } = play;
      const where = `call ${turn}, ${failed}: ${error}`;
      // What could not be removed is, at the latest, when the process ends.
      if (failed === "unlinkSync") removeTemporaries();
      const after = stateOf(box, scenario.outputs);
      const left = box.names().filter((name) => ![...names, ...scenario.outputs].includes(name));
      const isTold = error instanceof SealError && error.code === "io" && /input\/output|no space/.test(error.message);
      if (error) expect(isTold, where).toBe(true);
      const isDone = !error || /is written, but/.test((error as SealError).message);
      if (isDone) expect(await scenario.isNew(box), where).toBe(true);
      else expect(after, where).toEqual(before);
      expect(
        left.filter((name) => !isPartial(name)),
        where,
      ).toEqual([]);
      if (left.length > 0) {
        expect(await played(() => scenario.work(box), 0), `${where}, and on`).toBe(null);
        expect(await scenario.isNew(box), `${where}, and on`).toBe(true);
        expect(box.names().filter(isPartial), `${where}, and on`).toEqual([]);
      }
      if (failed === "") {
        expect(turn).toBeGreaterThan(10);
        return;
      }
    }
  });

  test("were all these", () => {
    const calls = "open close read write fstat stat lstat ftruncate fchmod fchown link rename unlink realpath";
    const others = ["read", "write", "fsync", "fdatasync", "readdir"];
    expect(Object.keys(made)).toEqual(
      expect.arrayContaining([...calls.split(" ").map((name) => `${name}Sync`), ...others]),
    );
  });
});
