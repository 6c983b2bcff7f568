// A key to sign with that is in an ssh agent: --sign names its public half.

import type { Suite } from "../../crypto/index.js";
import type { HeaderSigner } from "../../crypto/suite.js";
import { SealError } from "../../errors.js";
import { signerOfAgent } from "../../io/ssh-agent.js";
import { sshSignerIn } from "../../keys/public-keys.js";
import { isSshText } from "../../keys/ssh/kinds.js";
import { parseSshKey } from "../../keys/ssh/public.js";
import type { Context } from "../command.js";
import { pathVariable } from "./places.js";
import { about, readText } from "./read.js";

/** Whether `--sign` names a public key: its text, or a .pub file. */
export function isPublicSigner(name: string): boolean {
  return isSshText(name.trim()) || name.endsWith(".pub");
}

/**
 * Whoever `--sign` names in an agent, which may sign until the later signal. Throws `usage` where it names no one key
 * of ssh's; `io` where the agent cannot sign by it.
 */
export async function agentSigner(
  suite: Suite,
  name: string,
  { signal }: Context,
  signing = signal,
): Promise<HeaderSigner> {
  return about(isSshText(name.trim()) ? "--sign" : `--sign ${name}`, async () => {
    const key = isSshText(name.trim())
      ? await parseSshKey(suite, name.trim())
      : await sshSignerIn(suite, await readText(name, signal));
    return signerOfAgent(suite, key, { socket: agentSocket(), signal, signing });
  });
}

/** Throws `io` where no agent is told of. */
function agentSocket(): string {
  const socket = pathVariable("SSH_AUTH_SOCK");
  if (socket) return socket;
  if (process.platform === "win32") return "\\\\.\\pipe\\openssh-ssh-agent";
  throw new SealError("io", "no ssh agent is running: SSH_AUTH_SOCK is not set", { reason: "agent-gone" });
}
