// The real program, one of whose system calls fails: each of those that touch its files, one after the other. It takes
// strace, which must be allowed to trace, and minutes, so it runs only where it is asked for: SEAL_FAULT_STRACE=1.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Ended, inSandbox, isTemporary, type Sandbox, sh } from "./sandbox.js";

const isWanted = process.env.SEAL_FAULT_STRACE !== undefined;
const canTrace = isWanted && spawnSync("strace", ["-f", "-o", "/dev/null", "true"]).status === 0;
if (isWanted && !canTrace) console.warn("strace is not there, or may not trace: nothing is tested with it");

/** The calls that fail, and what with. */
const CALLS: readonly (readonly [call: string, error: string])[] = [
  ["openat", "EMFILE"],
  ["statx", "EIO"],
  ["read", "EIO"],
  ["pread64", "EIO"],
  ["readlink", "EIO"],
  ["getdents64", "EIO"],
  ["write", "ENOSPC"],
  ["pwrite64", "ENOSPC"],
  ["ftruncate", "EIO"],
  ["fchmod", "EPERM"],
  ["fsync", "EIO"],
  ["fdatasync", "EIO"],
  ["close", "EIO"],
  ["link", "EIO"],
  ["rename", "EIO"],
  ["unlink", "EIO"],
  ["mkdir", "EIO"],
];

interface Scenario {
  readonly prepare: string;
  readonly command: string;
  /** What the command writes or replaces; each is as before, or as it is after a run without a fault. */
  readonly outputs: readonly string[];
}

const BIG = "head -c 4300000 /dev/urandom > big";
const SEALED = `${BIG}; seal -q big --to server.pub --sign master.key`;
const KEPT = `${SEALED}; head -c 4200000 big.sealed > cut.sealed; mv big.sealed whole; mv cut.sealed big.sealed;
  open big.sealed --key server.key --resume -o out; mv whole big.sealed; true`;

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  seal: { prepare: BIG, command: "seal big --to server.pub --sign master.key -o out", outputs: ["out"] },
  "seal --force": {
    prepare: `${BIG}; echo old > out`,
    command: "seal big --to server.pub --sign master.key -o out --force",
    outputs: ["out"],
  },
  "seal from a pipe": {
    prepare: BIG,
    command: "cat big | seal - --to server.pub --sign master.key -o out",
    outputs: ["out"],
  },
  "seal nothing": {
    prepare: ": > none",
    command: "seal none --to server.pub --sign master.key -o out",
    outputs: ["out"],
  },
  open: { prepare: SEALED, command: "open big.sealed --key server.key -o out", outputs: ["out"] },
  "open a range": {
    prepare: SEALED,
    command: "open big.sealed --key server.key -o out --range 5-4200000",
    outputs: ["out"],
  },
  "open --resume": {
    prepare: KEPT,
    command: "open big.sealed --key server.key -o out --resume -q",
    outputs: ["out"],
  },
  verify: { prepare: SEALED, command: "seal verify big.sealed --from master.pub", outputs: [] },
  rewrap: {
    prepare: `${BIG}; seal -q big --to alice.pub --sign master.key`,
    command: "seal rewrap big.sealed --key alice.key --sign master.key --to alice.pub --to bob.pub",
    outputs: ["big.sealed"],
  },
  keygen: { prepare: ":", command: "seal keygen -o new.key", outputs: ["new.key", "new.pub"] },
  "contacts add": {
    prepare: "seal contacts add -q alice alice.pub",
    command: "seal contacts add bob bob.pub",
    outputs: ["home/contacts"],
  },
};

const only = process.env.SEAL_FAULT_STRACE ?? "";
const chosen = Object.entries(SCENARIOS).filter(([name]) => only === "1" || only === name);

describe.skipIf(!canTrace)("a system call that fails:", () => {
  test.each(chosen)(
    "%s",
    inSandbox(async (box, name: string, scenario: Scenario) => {
      expect((await sh(box, scenario.prepare)).stderr).not.toMatch(/bug/);
      const before = snapshot(box);
      const seen: Record<string, number> = {};
      const wrong: string[] = [];
      for (const [call, error] of CALLS) {
        for (const { threads, when } of await turns(box, scenario.command, call)) {
          restore(box, before);
          const inject = ["-e", `inject=${call}:error=${error}:when=${when}`];
          const ended = await traced(box, scenario.command, call, threads, inject);
          const played = log(box).filter((line) => line.includes("(INJECTED)"));
          // A fault while Node starts, and loads its own files, is not ours.
          if (played.length === 0 || !played.every((line) => isOurs(box, line))) continue;
          const outcome = judge(box, scenario, before, ended);
          seen[outcome] = (seen[outcome] ?? 0) + 1;
          if (outcome.startsWith("WRONG")) wrong.push(`${outcome}: ${played.join(" / ")}: ${ended.stderr}`);
          if (process.env.SEAL_FAULT_SHOW) console.log(ended.status, outcome, played.join("/"), ended.stderr.trim());
        }
        restore(box, before);
      }
      console.log(name, JSON.stringify(seen));
      expect(wrong).toEqual([]);
    }),
    3_600_000,
  );
});

/** Runs the command, whose program is the last of a pipe, under strace; only its main thread, or all. */
function traced(
  box: Sandbox,
  command: string,
  call: string,
  threads: boolean,
  more: readonly string[],
): Promise<Ended> {
  const last = command.lastIndexOf("|") + 1;
  // The program itself, not the shell script that stands for it in the sandbox.
  const real = command.slice(last).replace(/^ *(seal|open) /, (_all, name) => ` "$NODE" "$TREE/bin/${name}.js" `);
  const strace = `strace ${threads ? "-f" : ""} -y -o log -e trace=${call} ${more.join(" ")}`;
  return sh(box, `${command.slice(0, last)} ${strace} ${real}`, { UV_THREADPOOL_SIZE: "1" });
}

function log(box: Sandbox): string[] {
  return readFileSync(join(box.dir, "log"), "utf8").split("\n");
}

/** Whether a call is about the sandbox: by a name in it, or by a descriptor of a file in it. */
function isOurs(box: Sandbox, line: string): boolean {
  const call = line.replace(/AT_FDCWD<[^>]*>/g, "");
  const [, named] = /"([^"]*)"/.exec(/^\d* *(p?read|p?write)/.test(call) ? "" : call) ?? [];
  if (named !== undefined) return named !== "" && (named.startsWith(box.dir) || !named.startsWith("/"));
  return call.includes(`<${box.dir}`) || call.includes("(0<pipe:");
}

interface Turn {
  readonly threads: boolean;
  readonly when: number;
}

/** Which of these calls touch files of the sandbox: of the main thread, and of the one in the pool. */
async function turns(box: Sandbox, command: string, call: string): Promise<Turn[]> {
  const ended = await traced(box, command, call, true, []);
  expect(ended.status, ended.stderr).toBe(0);
  const counts = new Map<string, number>();
  const found: Turn[] = [];
  for (const line of log(box)) {
    const [, thread, what] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (what !== call) continue;
    const when = (counts.get(thread!) ?? 0) + 1;
    counts.set(thread!, when);
    if (isOurs(box, line)) found.push({ threads: counts.size > 1 && thread !== [...counts.keys()][0], when });
  }
  return found;
}

type Snapshot = ReadonlyMap<string, { readonly bytes: Buffer; readonly mode: number }>;

function snapshot(box: Sandbox): Snapshot {
  const files = new Map();
  for (const name of names(box)) {
    const path = join(box.dir, name);
    files.set(name, { bytes: readFileSync(path), mode: statSync(path).mode & 0o777 });
  }
  return files;
}

function names(box: Sandbox): string[] {
  const all = readdirSync(box.dir, { recursive: true, encoding: "utf8" });
  return all.filter((name) => name !== "log" && !name.startsWith(".bin") && statSync(join(box.dir, name)).isFile());
}

function restore(box: Sandbox, before: Snapshot): void {
  for (const name of names(box)) {
    const known = before.get(name);
    const path = join(box.dir, name);
    if (known && readFileSync(path).equals(known.bytes)) continue;
    rmSync(path);
  }
  for (const [name, { bytes, mode }] of before) {
    const path = join(box.dir, name);
    if (!existsSync(path)) writeFileSync(path, bytes, { mode });
  }
}

/** What came of it; WRONG where that must not be. */
function judge(box: Sandbox, { outputs }: Scenario, before: Snapshot, ended: Ended): string {
  const isNew = outputs.map((name) => {
    const path = join(box.dir, name);
    const old = before.get(name);
    if (!existsSync(path)) return old ? "gone" : "old";
    return old && readFileSync(path).equals(old.bytes) ? "old" : "new";
  });
  const state = [...new Set(isNew)].join("+") || "none";
  const left = names(box).filter((name) => isTemporary(name) || name.includes(".lock."));
  const lines = ended.stderr.trim().split("\n");
  const isTold = ended.status === 0 || (/^seal: error: /.test(lines[0]!) && lines.length <= 2);
  const unknown = names(box).filter((name) => !before.has(name) && !outputs.includes(name) && !isKept(name));
  const faults = [
    ![0, 3].includes(ended.status) && "status",
    !isTold && "message",
    left.length > 0 && "left",
    !["old", "new", "none"].includes(state) && "mixed",
    ended.status === 0 && state === "old" && "not done",
    ended.status !== 0 && state === "new" && !ended.stderr.includes("is written, but") && "done, though failed",
    unknown.length > left.length && "unknown files",
  ].filter((fault) => fault !== false);
  return `${faults.length > 0 ? `WRONG (${faults.join(", ")}) ` : ""}exit ${ended.status}, ${state}`;
}

function isKept(name: string): boolean {
  return name.endsWith(".seal-partial");
}
