// The library's options and results.

import type { Range } from "../files/range.js";
import type { Progress } from "../flow/io.js";
import type { Identity } from "./identity.js";
import type { Signer } from "./signer.js";

/**
 * An input file on a web server, by its http or https address. A connection that breaks resumes where it stopped.
 * `headers` go to that address and to no other origin; user name and password in the address are sent as basic
 * authentication, and never shown.
 */
export interface InputUrl {
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whether, and by whom, a file is signed; unsigned sealing must be asked for. */
export type Signing = { readonly sign: Identity | Signer } | { readonly unsigned: true };

export interface Running {
  /** Called after each chunk, with the bytes done and, where it is known, how many there are in all. */
  readonly progress?: Progress;
  /** Ends the operation with the signal's reason; nothing partial stays. */
  readonly signal?: AbortSignal;
}

export type SealOptions = Running &
  Signing & {
    /** Recipients: `seal1…`, 1 … 4096; one that is named twice is sealed to once; none with a passphrase. */
    readonly to: readonly string[];
    /**
     * Who knows it opens the file: text as UTF-8, not empty. It stays yours, to be overwritten. It goes with
     * post-quantum recipients, or with none.
     */
    readonly passphrase?: Uint8Array;
    /** A public, signed text of at most 255 bytes of UTF-8, without control characters. */
    readonly label?: string;
    /** Writes the text form: lines of base64 between two that tell what it is. What is read may always be one. */
    readonly armor?: boolean;
    /** Plaintext bytes of a chunk: a power of two, 4 KiB … 16 MiB. 4 MiB by default. */
    readonly chunkSize?: number;
  };

export interface SealResult {
  readonly bytes: number;
  readonly sealedBytes: number;
  readonly chunks: number;
  readonly recipients: number;
  /** `sealsig1…`; null where unsigned. */
  readonly signer: string | null;
  readonly label: string;
  readonly sealedAt: Date;
  /** The file's digest (docs/FORMAT.md, "Chunk records"), in hex; null where unsigned. */
  readonly digest: string | null;
}

export type RewrapOptions = Running & {
  /** Identities, one of which the file was sealed to. */
  readonly keys: readonly Identity[];
  /** The identity that signed the file: nobody else can rewrap it. */
  readonly sign: Identity | Signer;
  /** All the recipients that the file is to have from now on: `seal1…`, 1 … 4096. */
  readonly to: readonly string[];
};

export interface Demands {
  /** The label that the file must have. */
  readonly label?: string;
  /** Seconds since sealing, at most; a time more than five minutes in the future is refused too. */
  readonly maxAge?: number;
}

export type OpenOptions = Running &
  Demands & {
    /** The identities to open with; none are needed with a passphrase. */
    readonly keys: readonly Identity[];
    /** What the file may have been sealed for, where none of the keys opens it. It stays yours, to be overwritten. */
    readonly passphrase?: Uint8Array;
    /** Senders to accept, `sealsig1…`, or any. Default: those that the identity which opens accepts. */
    readonly from?: readonly string[] | "any";
    /** Open unsigned files too; cannot be combined with `from`, `label` or `maxAge`. */
    readonly allowUnsigned?: boolean;
    /** Only these plaintext bytes; the input must be a file, bytes, or an address whose server gives parts. */
    readonly range?: Range;
    /**
     * Resume where an earlier call stopped, and keep what is verified for the next one, in a partial file beside the
     * output. Both input and output must be files, or the input an address; excludes `range`.
     */
    readonly resume?: boolean;
  };

export interface OpenResult {
  readonly bytes: number;
  readonly chunks: number;
  readonly signer: string | null;
  /** Whether the signer was among those accepted, rather than anybody or nobody. */
  readonly trusted: boolean;
  readonly label: string;
  readonly sealedAt: Date;
  readonly digest: string | null;
}

export type VerifyOptions = Running & Demands & { readonly from: readonly string[] };

export interface VerifyResult {
  readonly bytes: number;
  readonly chunks: number;
  readonly signer: string;
  readonly label: string;
  readonly sealedAt: Date;
  readonly digest: string;
}

export interface InspectResult {
  readonly chunkSize: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly headerBytes: number;
  readonly sealedBytes: number;
  readonly signer: string | null;
  readonly label: string;
  readonly sealedAt: Date;
  readonly stanzas: readonly { readonly type: "x25519" | "xwing" | "passphrase" | number }[];
}
