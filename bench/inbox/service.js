// An inbox of its own to measure, and what a process needs meanwhile.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../options.js";

const LIMITS = ["--rate", "1000000", "--max-keys", "10000000"];

/**
 * A directory with the inbox `bench`, for user.key, which accepts inbox.key, and tokens.
 * @param {string} node the node that runs all programs
 * @param {string | null} [store] a database; without one, the inbox is in `box`
 */
export function makeInbox(node, store = null) {
  const directory = mkdtempSync(join(tmpdir(), "seal-bench-inbox-"));
  const box = join(directory, "box");
  const place = store ? { SEAL_INBOX_STORE: store } : { SEAL_INBOX_DIR: box };
  const env = { ...process.env, SEAL_HOME: directory, ...place };
  const call = (program, ...args) =>
    execFileSync(node, [ROOT + program, ...args], { cwd: directory, env, encoding: "utf8" }).trim();
  const seal = (...args) => call("bin/seal.js", ...args);
  const inbox = (...args) => call("inbox/bin/seal-inbox.js", ...args);

  seal("keygen", "-q", "-o", "inbox.key");
  seal("keygen", "-q", "-o", "user.key", "--from", "inbox.pub");
  inbox("init", ...(store ? [] : [box]));
  inbox("add", "bench", "--to", "user.pub");
  const tokens = {
    producer: inbox("token", "create", "bench", "--producer", "bench", "-q"),
    reader: inbox("token", "create", "bench", "--reader", "bench", "-q"),
  };

  const serve = async (...more) => {
    const args = ["serve", "--sign", join(directory, "inbox.key"), "--listen", "127.0.0.1:0", ...LIMITS, ...more];
    const command = [`${ROOT}inbox/bin/seal-inbox.js`, ...args];
    const child = spawn(node, command, { env, stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((resolve) => child.once("close", resolve));
    return { child, ended, url: await urlOf(child, ended) };
  };
  return { directory, box, env, tokens, serve, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

function urlOf(child, ended) {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (piece) => {
      text += piece;
      const [, found] = /listening on (http:[^"]+)/.exec(text) ?? [];
      if (found) resolve(found);
    });
    ended.then((status) => reject(new Error(`the service ended with ${status}`)));
  });
}

/** Linux alone tells this of another process. */
export function residentBytes(pid) {
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}

/** User and system time of all threads of a process. */
export function processorSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
