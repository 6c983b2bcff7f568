// What the network and TLS say by codes, in words.

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection broke",
  ECONNABORTED: "the connection broke",
  EPIPE: "the connection broke",
  ETIMEDOUT: "the connection timed out",
  ENOTFOUND: "there is no host of that name",
  EAI_AGAIN: "the host's name cannot be looked up at the moment",
  EHOSTUNREACH: "the host cannot be reached",
  EHOSTDOWN: "the host is down",
  ENETUNREACH: "the network cannot be reached",
  ENETDOWN: "the network is down",
  EADDRNOTAVAIL: "no local address is free to connect from",
  EACCES: "the system does not allow the connection",
  EPERM: "the system does not allow the connection",
  EMFILE: "too many open files",
  ENFILE: "too many open files in the system",
  HPE_HEADER_OVERFLOW: "the server's headers are too long",
  EPROTO: "the server does not speak TLS there",
};

const CERTIFICATE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  CERT_REVOKED: "it is revoked",
  CERT_UNTRUSTED: "its authority is not trusted",
  CERT_CHAIN_TOO_LONG: "its chain is too long",
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "an authority in its chain is not known",
  UNABLE_TO_GET_ISSUER_CERT: "the authority that issued it is not known",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the authority that issued it is not known",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the authority that issued it is not known",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is for another host",
};

/** What is wrong with the server's certificate; null where the code says something else. */
export function certificateWords(code: string): string | null {
  if (Object.hasOwn(CERTIFICATE, code)) return CERTIFICATE[code]!;
  return /CERT|SELF_SIGNED|ISSUER|ALTNAME|LEAF_SIGNATURE/.test(code) ? `it is not valid (${code})` : null;
}

/** What has become of a connection. Texts of OpenSSL and of the system are not for people. */
export function connectionWords(code: string): string {
  if (Object.hasOwn(NETWORK, code)) return NETWORK[code]!;
  if (code.startsWith("HPE_")) return `the answer is not HTTP (${code})`;
  if (/^ERR_(SSL|TLS)_/.test(code)) return `no secure connection could be made (${code})`;
  return `the connection failed (${code})`;
}
