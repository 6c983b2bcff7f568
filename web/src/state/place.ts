// Where the page is, and what browsers allow there. From disk, much is different: no origin, no passkeys, no private
// file system, and a storage that other pages from disk may share.

export interface Place {
  readonly isFile: boolean;
  /** What an inbox has to allow: `null` from disk. */
  readonly origin: string;
  readonly hasPicker: boolean;
  readonly hasPasskeys: boolean;
  /** Whether this page's storage is its own, so that a key may be kept there. */
  readonly keepsKeys: boolean;
  readonly hasDatabase: boolean;
  /** Whether there is cryptography and all else that the page needs. */
  readonly isUsable: boolean;
}

export function placeOf(window: Window & typeof globalThis): Place {
  const { protocol, origin } = window.location;
  const isWeb = protocol === "https:" || protocol === "http:";
  const hasDatabase = "indexedDB" in window;
  return {
    isFile: !isWeb,
    origin: isWeb ? origin : "null",
    hasPicker: "showSaveFilePicker" in window,
    hasPasskeys:
      isWeb && window.isSecureContext && "PublicKeyCredential" in window && !isAddress(window.location.hostname),
    keepsKeys: isWeb && hasDatabase,
    hasDatabase,
    isUsable: window.isSecureContext && window.crypto?.subtle !== undefined,
  };
}

/** Passkeys are for names, not for numbers. */
function isAddress(host: string): boolean {
  return /^[\d.]+$|^\[/.test(host);
}

export const PLACE = placeOf(window);
