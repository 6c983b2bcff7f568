// Signing by an ssh agent, for the library's users.

import { loadSuite } from "../crypto/index.js";
import { SealError } from "../errors.js";
import { signerOfAgent } from "../io/ssh-agent.js";
import { encodeSigner } from "../keys/text.js";
import { abortSignal, OPTIONS, optional, path, settings, text } from "./arguments.js";
import { parseSigners } from "./keys.js";
import type { Signer } from "./signer.js";

/** Which agent is asked, and until when. */
export interface SshAgentOptions {
  /** The path of its socket; by default what SSH_AUTH_SOCK says. */
  readonly socket?: string;
  /** Ends waiting for it. */
  readonly signal?: AbortSignal;
}

const OPTIONS_OF = { socket: optional(path), signal: optional(abortSignal) };

/**
 * A signer whose secret is in an ssh agent, which must have it now; it is asked once for each file or epoch, and may
 * ask a person, for as long as that takes.
 * @param key `ssh-ed25519 AAAA…`, or `sealsig1…` of the same key.
 * @throws `SealError`: `usage`; `io` where the agent cannot be asked, does not have the key, or refuses; the signal's
 *   reason.
 */
export async function sshAgentSigner(key: string, options: SshAgentOptions = {}): Promise<Signer> {
  const { socket = process.env.SSH_AUTH_SOCK, signal } = settings(options, OPTIONS, OPTIONS_OF);
  const [publicKey] = await parseSigners([text(key, "the key")], "the key");
  if (!socket) throw new SealError("io", "no ssh agent is running: SSH_AUTH_SOCK is not set", { reason: "agent-gone" });
  const { sign } = await signerOfAgent(await loadSuite(), publicKey!, { socket, signal });
  return { signer: encodeSigner(publicKey!), sign };
}
