// Tells systemd how the service is (sd_notify(3)). Node has no sockets of the kind that NOTIFY_SOCKET names, so the
// program that comes with systemd sends it.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Milliseconds: whether or not systemd hears it, the service goes on. */
const LONGEST = 5000;

export type State = "READY=1" | "STOPPING=1";

/** Nothing where nobody asked to be told. Rejects where it could not be said. */
export async function notifySystemd(state: State): Promise<void> {
  const { NOTIFY_SOCKET, PATH } = process.env;
  if (!NOTIFY_SOCKET) return;
  await promisify(execFile)("systemd-notify", [state], {
    timeout: LONGEST,
    env: { NOTIFY_SOCKET, ...(PATH !== undefined && { PATH }) },
  });
}
