import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (file: string) => fileURLToPath(new URL(`src/${file}`, import.meta.url));

// Who names files wants all of what is in them. `npm test` names none, and leaves out the files of LONG.
if (process.argv.slice(2).some((word) => /[/.]/.test(word) && !word.startsWith("-"))) process.env.SEAL_TEST ??= "long";
const isShort = process.env.SEAL_TEST !== "long" && process.env.SEAL_TEST !== "whole";
if (isShort) console.log("the short form of the tests: SEAL_TEST=long runs more, SEAL_TEST=whole all of them");
/** Long rounds: kills, networks, disks, clocks and agents that fail; browsers; the memory of each program. */
const LONG = [
  "inbox/test/{backup,clock,clocks,kill,own-card,owners,partition,peers,proxies,recipes,replicas}.test.ts",
  "inbox/test/{restore,standby,stopping,unheard}.test.ts",
  "inbox/test/{retention,quotas}/{command,commands,rounds,together,year}.test.ts",
  "inbox/test/store/postgres/faults.test.ts",
  "test/cli/{clock,compiled,descriptors,disk,examples,full-disk,hostile,kill,kill-resume,network}.test.ts",
  "test/cli/{revoked-meanwhile,slow,ssh-age,ssh-stopped,strace,temporary,together}.test.ts",
  "test/cli/journal-{disk,drop,kill,owners,signals,stopped}.test.ts",
  "test/docs/operations.test.ts",
  "test/thief/!(thief).test.ts",
  "test/web/{browser,large,vectors}.test.ts",
  "web/test/{addresses,disk,inbox,key,locking,opening,pickup,sealing,screenshots,ssh}.test.ts",
];

// Loading modules takes longer than the tests of most of them: in these directories, what a file has loaded stays for
// the next one.
const ROOMS = "api|crypto|engine|files|format|frozen|header|io|journal|keys";
const INBOX_ROOMS = "encodings|idempotency|server";
/** There, too, these run alone: they put something in a module's place, or count what the process did. */
const ALONE = [
  "inbox/test/server/app.test.ts",
  "test/api/erased.test.ts",
  "test/crypto/collect.test.ts",
  "test/io/{every-call,faults,output}.test.ts",
  "test/io/journals/{coming-after,forgetful}.test.ts",
];

export default defineConfig({
  resolve: {
    alias: [
      { find: "@sealed-files/seal/internal", replacement: source("internal.ts") },
      { find: "@sealed-files/seal", replacement: source("index.ts") },
    ],
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "alone",
          include: [
            "{test,inbox/test}/*.test.ts",
            "web/test/**/*.test.ts",
            `test/!(${ROOMS})/**/*.test.ts`,
            `inbox/test/!(${INBOX_ROOMS})/**/*.test.ts`,
            ...ALONE,
          ],
          exclude: isShort ? LONG : [],
        },
      },
      {
        extends: true,
        test: {
          name: "together",
          include: [`test/@(${ROOMS})/**/*.test.ts`, `inbox/test/@(${INBOX_ROOMS})/**/*.test.ts`],
          exclude: ALONE,
          isolate: false,
        },
      },
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is polled comes in milliseconds, and on a machine that does other work, in seconds.
    expect: { poll: { timeout: 30_000 } },
    // Hundreds of programs are started, killed and waited for. Where a whole release is tried, one that a busy machine
    // has upset is run again; both are shown.
    retry: process.env.CI ? 2 : 0,
    // Many tests wait for programs that they started, and leave cores idle.
    maxWorkers: availableParallelism() + 2,
  },
});
