// Which suite to use. noble is loaded only where it is chosen, so that a start on the native path does not read it.

import { SealError } from "../errors.js";
import { native, nativeAvailable } from "./native.js";
import type { Suite } from "./suite.js";

export type { Digest, HeaderSigner, SigningKey, Suite, VerifyingKey } from "./suite.js";

export type SuiteName = Suite["name"];

/**
 * The suite of the caller's choice, else of the environment's (SEAL_CRYPTO), else the native one wherever this Node has
 * it. Throws `usage` where SEAL_CRYPTO does not name a suite, the native one was asked for and is not there, or this is
 * not Node.
 */
export async function loadSuite(choice?: SuiteName): Promise<Suite> {
  refuseOthers();
  const wanted = choice ?? fromEnvironment();
  if (wanted === "portable") return loadPortable();
  if (nativeAvailable()) return native;
  if (wanted === undefined) return loadPortable();
  throw new SealError("usage", "this Node lacks what the native suite needs", {
    hint: "Unset SEAL_CRYPTO, or set it to portable.",
  });
}

/** The suite of that name, which another thread of this process has found to be there. */
export async function suiteNamed(name: SuiteName): Promise<Suite> {
  return name === "native" ? native : loadPortable();
}

/** What is promised of files, threads and memory holds on Node: others have a part of it, and differ in silence. */
function refuseOthers(): void {
  const { deno, bun } = process.versions;
  const other = (deno && "Deno") || (bun && "Bun");
  if (!other) return;
  throw new SealError("usage", `this is seal for Node, and does not run on ${other}`, {
    hint: "@sealed-files/seal/web, the library for browsers, does.",
  });
}

async function loadPortable(): Promise<Suite> {
  const { portable } = await import("./portable.js");
  return portable;
}

function fromEnvironment(): SuiteName | undefined {
  const value = process.env.SEAL_CRYPTO;
  if (value === undefined || value === "") return undefined;
  if (value === "native" || value === "portable") return value;
  throw new SealError("usage", "SEAL_CRYPTO does not name a suite", {
    hint: "Set it to native or portable, or unset it.",
  });
}
