// Keys and sealed files for the tests of the page, made by the library on Node.

import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Identity, type SealOptions, seal } from "@sealed-files/seal";
import { folder } from "./browser.js";

export interface Cast {
  readonly path: string;
  readonly ann: Identity & { readonly recipient: string; readonly signer: string };
  /** Accepted by ann's key file. */
  readonly bob: Identity & { readonly recipient: string; readonly signer: string };
  readonly stranger: Identity & { readonly recipient: string; readonly signer: string };
  /** The path of a file in the folder. */
  at(name: string): string;
  /** A key file under a passphrase; its path. */
  guarded(name: string, passphrase: string): Promise<string>;
  /** Seals for ann, by bob unless told otherwise; the path. */
  sealed(name: string, bytes: Uint8Array, options?: Partial<SealOptions>): Promise<string>;
}

export async function cast(): Promise<Cast> {
  const path = await folder();
  const at = (name: string) => join(path, name);
  const { identity: bob } = await Identity.generate();
  const { identity: stranger } = await Identity.generate();
  const { identity: ann, secretFile, publicText } = await Identity.generate({ accept: [bob.signer] });
  await writeFile(at("ann.key"), secretFile);
  await writeFile(at("ann.pub"), publicText);
  const sealed = async (name: string, bytes: Uint8Array, options: Partial<SealOptions> = {}) => {
    await writeFile(at(name), bytes);
    const output = { path: at(`${name}.sealed`) };
    await seal({ path: at(name) }, output, { to: [ann.recipient], sign: bob, ...options } as SealOptions);
    return output.path;
  };
  const guarded = async (name: string, passphrase: string) => {
    const { secretFile } = await Identity.generate({ passphrase: Buffer.from(passphrase) });
    await writeFile(at(name), secretFile);
    return at(name);
  };
  return { path, ann, bob, stranger, at, guarded, sealed };
}

export function noise(bytes: number): Buffer {
  return randomBytes(bytes);
}
