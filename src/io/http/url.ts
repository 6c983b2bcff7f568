// Addresses: what is one, what may be shown of it, and what name a file from there gets.

import { utf8 } from "../../bytes.js";
import { SealError } from "../../errors.js";
import { toBase64 } from "../../files/base64.js";

/** Whether the text is meant as an address, rather than as the path of a file. */
export function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** Throws `usage`, without repeating the text: a password may stand in it. */
export function parseUrl(text: string): URL {
  if (isUrl(text) && URL.canParse(text)) return new URL(text);
  throw new SealError("usage", "not a valid http or https address", {
    hint: "Write special characters in a user name or password as %XX.",
  });
}

/** Parameters by which a signed address gives access. */
const SECRET_PARAMETER = /sig|token|key|secret|credential|auth|pass/i;

/** The address without what gives access: user name and password, and parameters that look like a secret. */
export function shownUrl({ origin, pathname, search }: URL): string {
  const parameters = search.replace(/([?&;])([^=&;]*)=([^&;]+)/g, (whole, sign: string, name: string) =>
    SECRET_PARAMETER.test(name) ? `${sign}${name}=…` : whole,
  );
  return origin + pathname + parameters;
}

/** The last segment of the path, decoded; null where that is no name for a file. */
export function fileNameOf({ pathname }: URL): string | null {
  try {
    const name = decodeURIComponent(pathname.slice(pathname.lastIndexOf("/") + 1));
    const usable = !["", ".", ".."].includes(name) && !/[/\\\p{Cc}]/u.test(name);
    return usable ? name : null;
  } catch {
    // Not UTF-8.
    return null;
  }
}

/**
 * The value of Proxy-Authorization or Authorization that user name and password of an address amount to; null where it
 * has none.
 */
export function basicAuth({ username, password }: URL): string | null {
  if (!username && !password) return null;
  const pair = [username, password].map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return `Basic ${toBase64(utf8(pair.join(":")))}`;
}
