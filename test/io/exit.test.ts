// Temporary files do not outlive the process, however it ends by itself.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundle } from "../bundle.js";
import { folder } from "./folder.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

const SEALING = `
  import { openOutput } from ${JSON.stringify(`${root}src/io/output.ts`)};
  import { stdinSource } from ${JSON.stringify(`${root}src/io/stdio.ts`)};
  import { sealTo } from ${JSON.stringify(`${root}src/files/seal.ts`)};
  import { inline } from ${JSON.stringify(`${root}src/engine/inline.ts`)};
  import { native } from ${JSON.stringify(`${root}src/crypto/native.ts`)};
  import { readdirSync } from "node:fs";

  const [, , output, end] = process.argv;
  const recipients = [native.ephemeralKey().publicKey];
  const sink = await openOutput(output);
  const options = { suite: native, engine: inline, recipients, signer: null, label: "", now: Date.now() };
  const work = sealTo(stdinSource(), sink, options);
  setTimeout(() => {
    console.log(readdirSync(".").filter((name) => name.endsWith(".tmp")).length);
    if (end === "exit") process.exit(3);
    if (end === "throw") throw new Error("nobody catches this");
  }, 50);
  await work;
`;

test.each([
  ["exit", 3],
  ["throw", 1],
])("a seal of an input that stalls, ended by %s", async (end, status) => {
  const box = folder();
  const program = folder();
  writeFileSync(program.at("sealing.ts"), SEALING);
  await bundle({ sealing: program.at("sealing.ts") }, program.path);
  writeFileSync(box.at("out"), "the old content");
  const child = spawn(process.execPath, [program.at("sealing.js"), box.at("new"), end], { cwd: box.path });
  let seen = "";
  child.stdout.on("data", (text) => {
    seen += text;
  });
  const [code] = await once(child, "close");
  expect([code, seen.trim()]).toEqual([status, "1"]);
  expect(box.names()).toEqual(["out"]);
});
