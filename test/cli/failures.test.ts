// Failures as JSON: each gives one object, with the same keys in the same order, on the right stream, and nothing on
// the other; and with SEAL_DEBUG=1 a stack trace, in which there is no secret.

import { describe, expect, test } from "vitest";
import { oneIn, sampled } from "../whole.js";
import { type Ended, inSandbox, type Sandbox, sh } from "./sandbox.js";

oneIn(6);

const STATUS: Readonly<Record<string, number>> = {
  usage: 2,
  io: 3,
  malformed: 4,
  unsupported: 4,
  "no-key": 5,
  tampered: 6,
  untrusted: 7,
};

const PREPARE = `echo 'hidden words' > pw; echo wrong > wrong; SEAL_PASSPHRASE_FILE=pw seal keygen -q --passphrase -o locked.key; seal keygen -q -o carol.key
  mkdir dir; echo 'no key' > bad; head -c 400 secret.sealed > cut; cp secret.sealed flipped; printf x | dd of=flipped bs=1 seek=370 conv=notrunc
  cp secret.sealed header; printf x | dd of=header bs=1 seek=200 conv=notrunc; printf '\\211SEAL\\r\\n\\032\\011' > future
  : > empty; seal contacts add alice alice.pub; seal contacts add @us alice; seal contacts add gone carol.pub; seal contacts revoke gone`;

type Case = readonly [command: string, code: string, more?: Readonly<Record<string, unknown>>];

const SEAL = "seal plan.txt --sign master.key";
const OPEN = "open secret.sealed --key server.key";
const VERIFY = "seal verify --from master.pub";
const REWRAP = "seal rewrap secret.sealed --key server.key";
/** An address that gives access, and a header that does. */
const SECRET_URL = "http://me:hush@127.0.0.1:1/f.sealed?token=hush";

const CASES: Readonly<Record<string, readonly Case[]>> = {
  seal: [
    [SEAL, "usage"],
    ["seal nowhere --to bob.pub --sign master.key", "io", { input: "nowhere" }],
    ["seal dir --to bob.pub --sign master.key", "usage", { input: "dir" }],
    [`${SEAL} --to nobody`, "usage"],
    [`${SEAL} --to gone`, "usage"],
    [`${SEAL} --to @none`, "usage"],
    [`${SEAL} --to nowhere.pub`, "io"],
    [`${SEAL} --to bad.pub`, "io"],
    [`${SEAL} --to "$(grep SECRET alice.key)"`, "usage"],
    [`${SEAL} --to bob.pub -o dir/none/out`, "io", { input: "plan.txt" }],
    [`${SEAL} --to bob.pub -o /dev/full`, "io", { input: "plan.txt" }],
    [`${SEAL} --to bob.pub -o plan.txt --force`, "usage", { input: "plan.txt" }],
    [`${SEAL} --to bob.pub --threads 0`, "usage"],
    [`${SEAL} --to bob.pub --contacts nowhere`, "io"],
    [`${SEAL} --to bob.pub --contacts bad`, "usage"],
    ["seal plan.txt --to bob.pub", "usage"],
    ["seal plan.txt --to bob.pub --sign locked.key", "no-key"],
    ["SEAL_PASSPHRASE_FILE=wrong seal plan.txt --to bob.pub --sign locked.key", "no-key"],
    ["SEAL_PASSPHRASE_FILE=nowhere seal plan.txt --to bob.pub --sign locked.key", "io"],
    ["SEAL_CRYPTO=none seal plan.txt --to bob.pub --sign master.key", "usage"],
    ["seal opne f", "usage"],
  ],
  open: [
    ["open", "usage"],
    ["open nowhere.sealed --key server.key", "io", { input: "nowhere.sealed" }],
    ["open dir --key server.key -o x", "usage", { input: "dir" }],
    ["open secret.sealed --key nowhere.key", "io"],
    ["open secret.sealed --key bad", "usage"],
    ['open secret.sealed --key "$(grep SECRET alice.key)"', "usage"],
    ["open secret.sealed --key bob.key --from master.pub", "no-key", { input: "secret.sealed" }],
    [
      "SEAL_PASSPHRASE_FILE=wrong open secret.sealed --key locked.key --from master.pub",
      "no-key",
      { input: "secret.sealed" },
    ],
    ["open forged.sealed --key server.key", "untrusted", { input: "forged.sealed", signer: "MALLORY_SIG" }],
    ["open unsigned.sealed --key alice.key", "untrusted", { input: "unsigned.sealed" }],
    [`${OPEN} --label other`, "untrusted", { input: "secret.sealed", signer: "MASTER_SIG" }],
    [`at 90000 ${OPEN} --max-age 1d`, "untrusted", { input: "secret.sealed", signer: "MASTER_SIG" }],
    [`at -90000 ${OPEN} --max-age 1d`, "untrusted", { input: "secret.sealed", signer: "MASTER_SIG" }],
    [`${OPEN} --range 5-100 -o x`, "usage", { input: "secret.sealed" }],
    [`${OPEN} --resume --range 0-1 -o x`, "usage"],
    ["open cut --key server.key -o x", "tampered", { input: "cut", chunk: 0, offset: 361 }],
    ["open flipped --key server.key -o x", "tampered", { input: "flipped", chunk: 0, offset: 361 }],
    ["open header --key server.key -o x", "tampered", { input: "header", offset: 297, signer: "MASTER_SIG" }],
    ["open empty --key server.key -o x", "malformed", { input: "empty" }],
    ["open future --key server.key -o x", "unsupported", { input: "future" }],
    ["open plan.txt --key server.key -o x", "malformed", { input: "plan.txt" }],
    [
      `open '${SECRET_URL}' --key server.key --header 'Authorization: hush' -o x`,
      "io",
      { input: "http://127.0.0.1:1/f.sealed?token=…" },
    ],
    ["open http://nowhere.invalid/f.sealed --key server.key", "io", { input: "http://nowhere.invalid/f.sealed" }],
    ["open 'http://me:hush/@h:x/f.sealed' --key server.key", "usage"],
    [`open '${SECRET_URL}' --key server.key --header hush -o x`, "usage"],
  ],
  verify: [
    ["seal verify secret.sealed", "usage"],
    [`${VERIFY}`, "usage"],
    [`${VERIFY} nowhere`, "io", { input: "nowhere" }],
    [`${VERIFY} dir`, "usage", { input: "dir" }],
    [`${VERIFY} cut`, "tampered", { input: "cut", chunk: 0, offset: 361 }],
    [`${VERIFY} flipped`, "tampered", { input: "flipped", chunk: 0, offset: 361 }],
    [`${VERIFY} forged.sealed`, "untrusted", { input: "forged.sealed", signer: "MALLORY_SIG" }],
    [`${VERIFY} unsigned.sealed`, "untrusted", { input: "unsigned.sealed" }],
    [`${VERIFY} plan.txt`, "malformed", { input: "plan.txt" }],
    [`${VERIFY} secret.sealed --label other`, "untrusted", { input: "secret.sealed", signer: "MASTER_SIG" }],
    [`${VERIFY} secret.sealed --max-age long`, "usage"],
    [`${VERIFY} '${SECRET_URL}'`, "io", { input: "http://127.0.0.1:1/f.sealed?token=…" }],
    [
      "seal contacts revoke $MASTER_SIG > /dev/null; seal verify secret.sealed --from master.pub",
      "untrusted",
      { input: "secret.sealed", signer: "MASTER_SIG" },
    ],
  ],
  "inspect and rewrap": [
    ["seal inspect", "usage"],
    ["seal inspect nowhere", "io", { input: "nowhere" }],
    ["seal inspect plan.txt", "malformed", { input: "plan.txt" }],
    [`${REWRAP} --sign master.key`, "usage"],
    [`${REWRAP} --sign mallory.key --to bob.pub`, "untrusted", { input: "secret.sealed", signer: "MASTER_SIG" }],
    ["seal rewrap secret.sealed --key bob.key --sign master.key --to bob.pub", "no-key", { input: "secret.sealed" }],
    [
      "seal rewrap unsigned.sealed --key alice.key --sign master.key --to bob.pub",
      "untrusted",
      { input: "unsigned.sealed" },
    ],
    [
      "seal rewrap flipped --key server.key --sign master.key --to bob.pub",
      "tampered",
      { input: "flipped", chunk: 0, offset: 361 },
    ],
    ["seal rewrap nowhere --key server.key --sign master.key --to bob.pub", "io", { input: "nowhere" }],
  ],
  "keys and contacts": [
    ["seal keygen -o master.key", "usage"],
    ["seal keygen -o dir/none/x.key", "io"],
    ["seal keygen -o -", "usage"],
    ["seal keygen --from nobody -o x.key", "usage"],
    ["seal keygen --passphrase -o x.key", "no-key"],
    ["seal pub nowhere", "io"],
    ["seal pub bad", "usage"],
    ["SEAL_PASSPHRASE_FILE=wrong seal pub locked.key", "no-key"],
    ["seal contacts", "usage"],
    ["seal contacts lst", "usage"],
    ["seal contacts add x nowhere.pub", "io"],
    ["seal contacts add UPPER bob.pub", "usage"],
    ["seal contacts revoke nobody", "usage"],
    ["seal contacts remove @none", "usage"],
    ["seal contacts list --contacts nowhere", "io"],
    ["seal contacts list --contacts bad", "usage"],
    ["seal completion", "usage"],
  ],
};

/** The commands whose stdout carries file data. */
const TO_STDOUT: readonly Case[] = [
  ["seal plan.txt --to nobody --unsigned -o -", "usage"],
  ["seal --to bob.pub --sign nowhere.key < plan.txt", "io"],
  [`${OPEN} --label other -o -`, "untrusted", { input: "secret.sealed", signer: "MASTER_SIG" }],
  ["open cut --key server.key -o -", "tampered", { input: "cut", chunk: 0, offset: 361 }],
  ["open http://127.0.0.1:1/f.sealed --key server.key -o -", "io", { input: "http://127.0.0.1:1/f.sealed" }],
  ["seal rewrap secret.sealed --key bob.key --sign master.key --to bob.pub -o -", "no-key", { input: "secret.sealed" }],
];

const KEYS = ["ok", "code", "exit", "message", "hint", "input", "chunk", "frame", "offset", "signer"];
/** Many programs, one after the other. */
const LIMIT = 240_000;
const LINE = /^[^\n]+\n$/;

function check(box: Sandbox, [command, code, more = {}]: Case, text: string, { status, stdout, stderr }: Ended): void {
  const said = `${command}\n${stdout}${stderr}`;
  expect(text, said).toMatch(LINE);
  const { message, hint, ...facts } = JSON.parse(text) as Record<string, unknown>;
  const keys = Object.keys(JSON.parse(text));
  expect(keys, said).toEqual(KEYS.filter((key) => keys.includes(key)));
  const signer = more.signer === undefined ? {} : { signer: box.env[more.signer as string] };
  expect(facts, said).toEqual({ ok: false, code, exit: STATUS[code], ...more, ...signer });
  expect(status, said).toBe(STATUS[code]);
  expect(message, said).toMatch(/^[^\n]+$/);
  if (hint !== null) expect(hint, said).toMatch(/^[^\n]+$/);
}

/** Each command with --json, and then with a trace. Both say the same, on the stream that is due. */
function checked(stream: "stdout" | "stderr", cases: readonly Case[]) {
  return inSandbox(async (box) => {
    await sh(box, PREPARE);
    for (const failing of sampled(cases, 4)) {
      const json = failing[0].replace(/( <.*)?$/, " --json$1");
      const ended = await sh(box, json);
      expect(ended[stream === "stdout" ? "stderr" : "stdout"], json).toBe("");
      check(box, failing, ended[stream], ended);
      const traced = await sh(box, json, { SEAL_DEBUG: "1" });
      const [first, trace] = stream === "stdout" ? [traced.stdout, traced.stderr] : split(traced.stderr);
      expect(first).toBe(ended[stream]);
      expect(trace, json).toMatch(/^ +at .*\.c?js:\d+/m);
      expect(trace, json).not.toMatch(/hidden words|wrong$|hush|SEAL-SECRET-KEY-1[A-Z0-9]{4}/im);
    }
  });
}

function split(text: string): [string, string] {
  const end = text.indexOf("\n") + 1;
  return [text.slice(0, end), text.slice(end)];
}

describe("failures as JSON", () => {
  for (const [name, cases] of Object.entries(CASES)) test.concurrent(name, checked("stdout", cases), LIMIT);
  test.concurrent("where stdout carries the file", checked("stderr", TO_STDOUT), LIMIT);
});
