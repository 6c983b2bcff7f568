// A passkey that unlocks the copy of a key which this browser keeps: its PRF extension gives a secret, and that
// encrypts the passphrase. Where the passkey is lost, the passphrase still opens the copy.

export interface Wrapped {
  readonly credential: Uint8Array<ArrayBuffer>;
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly passphrase: Uint8Array<ArrayBuffer>;
}

const INFO = new TextEncoder().encode("seal page passkey 1");

/** Thrown where the passkey cannot do it, or the user did not want to. */
export class PasskeyError extends Error {
  readonly reason: "no-prf" | "refused";

  constructor(reason: "no-prf" | "refused", cause?: unknown) {
    super(reason, { cause });
    this.reason = reason;
  }
}

/** Makes a passkey, and puts the passphrase under its secret. The passphrase stays the caller's, to be overwritten. */
export async function wrap(passphrase: Uint8Array<ArrayBuffer>, name: string): Promise<Wrapped> {
  const salt = random(32);
  const made = (await asked(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: "seal" },
        user: { id: random(16), name, displayName: name },
        challenge: random(32),
        pubKeyCredParams: [
          { type: "public-key", alg: -7 },
          { type: "public-key", alg: -8 },
          { type: "public-key", alg: -257 },
        ],
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  )) as PublicKeyCredential;
  if (!made.getClientExtensionResults().prf?.enabled) throw new PasskeyError("no-prf");
  const credential = new Uint8Array(made.rawId);
  const key = await keyOf(credential, salt, ["encrypt"]);
  const nonce = random(12);
  const under = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: INFO }, key, passphrase);
  return { credential, salt, nonce, passphrase: new Uint8Array(under) };
}

/** The passphrase, to be overwritten. */
export async function unwrap({ credential, salt, nonce, passphrase }: Wrapped): Promise<Uint8Array<ArrayBuffer>> {
  const key = await keyOf(credential, salt, ["decrypt"]);
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: INFO };
  return new Uint8Array(await asked(() => crypto.subtle.decrypt(algorithm, key, passphrase)));
}

async function keyOf(credential: BufferSource, salt: BufferSource, uses: KeyUsage[]): Promise<CryptoKey> {
  const given = (await asked(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: random(32),
        allowCredentials: [{ type: "public-key", id: credential }],
        userVerification: "required",
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  )) as PublicKeyCredential;
  const secret = given.getClientExtensionResults().prf?.results?.first;
  if (!secret) throw new PasskeyError("no-prf");
  const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: INFO };
  return crypto.subtle.deriveKey(hkdf, base, { name: "AES-GCM", length: 256 }, false, uses);
}

async function asked<T>(ask: () => Promise<T | null>): Promise<T> {
  try {
    const answer = await ask();
    if (answer !== null) return answer;
  } catch (error) {
    throw new PasskeyError("refused", error);
  }
  throw new PasskeyError("refused");
}

function random(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}
