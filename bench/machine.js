// On what was measured, and which programs there are. No host name, no paths.

import { accessSync, constants } from "node:fs";
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { delimiter, join } from "node:path";
import { must, run } from "./measure.js";
import { ROOT } from "./options.js";

/**
 * The programs that seal is compared with: how to ask for the version, and what they do.
 * @type {Record<string, { ask: string[], does: string }>}
 */
export const PEERS = {
  age: { ask: ["--version"], does: "encrypts with ChaCha20-Poly1305; does not sign; one core" },
  gpg: { ask: ["--version"], does: "signs and encrypts (OpenPGP), here without compression" },
  sq: { ask: ["--version"], does: "signs and encrypts (OpenPGP), here without compression" },
  minisign: { ask: ["-v"], does: "signs only (BLAKE2b, Ed25519)" },
  openssl: {
    ask: ["version"],
    does: "a bare cipher, AES-256-CTR: no authentication, recipients or signature; it decrypts altered data too",
  },
  cp: { ask: ["--version"], does: "copies" },
};

/** The npm package; it runs on the node under test. */
export const AGE_ENCRYPTION = "the age format in JavaScript (npm, WebCrypto or noble)";

/** Where a program is, not counting what npm puts into the path; null where it is not. */
export function locate(program) {
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    if (directory.includes("node_modules")) continue;
    const path = join(directory, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this directory.
    }
  }
  return null;
}

/** @returns {Promise<Record<string, string | null>>} the version of each peer, null where it is not installed */
export async function peerVersions() {
  const versions = {};
  for (const [name, { ask }] of Object.entries(PEERS)) {
    const path = locate(name);
    versions[name] = path && (await version([path, ...ask]));
  }
  return versions;
}

async function version(command) {
  const { stdout, stderr } = await run(command);
  return /\d+(\.\d+)+\w*/.exec(stdout || stderr)?.[0] ?? "?";
}

/**
 * The versions of a Node, and what the machine does with it now, on one core.
 * @param {string} node
 * @returns {Promise<{ node: string, openssl: string, primitives: { aes: number, sha256: number, x25519: number } }>}
 */
export async function aboutNode(node) {
  const { node: own, openssl } = JSON.parse(await must([node, "-p", "JSON.stringify(process.versions)"]));
  const primitives = JSON.parse(await must([node, `${ROOT}bench/bare/primitives.js`]));
  return { node: own, openssl, primitives };
}

const EVP = { aes: "aes-256-gcm", sha256: "sha256" };

/**
 * What the processor does on one core, by `openssl speed`: bytes per second of processor time; null without openssl.
 * @returns {Promise<{ aes: number, sha256: number } | null>}
 */
export async function hardware() {
  const openssl = locate("openssl");
  if (!openssl) return null;
  const speed = async (name) => {
    const out = await must([openssl, "speed", "-mr", "-seconds", "1", "-bytes", "65536", "-evp", name]);
    return Number(/^\+F:.*:([\d.]+)$/m.exec(out)[1]);
  };
  return { aes: await speed(EVP.aes), sha256: await speed(EVP.sha256) };
}

/** @param {{ aes: number, sha256: number }} speeds */
export function hardwareText({ aes, sha256 }) {
  return `AES-256-GCM ${(aes / 1e9).toFixed(2)} GB/s, SHA-256 ${(sha256 / 1e9).toFixed(2)} GB/s`;
}

/** @returns {string} what `primitives` are, in words */
export function primitivesText({ aes, sha256, x25519 }) {
  return `AES-256-GCM ${aes.toFixed(2)} GB/s, SHA-256 ${sha256.toFixed(2)} GB/s, X25519 ${Math.round(1e6 / x25519)} µs`;
}

export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? "?",
    cores: availableParallelism(),
    memory: totalmem(),
    system: `${platform()} ${arch()}, kernel ${release()}`,
    load: loadavg()[0],
    date: new Date().toISOString().slice(0, 10),
  };
}
