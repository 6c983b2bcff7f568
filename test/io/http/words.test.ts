// Nothing that OpenSSL or the system says of a connection reaches people as it is.

import { expect, test } from "vitest";
import { connectionFault } from "../../../src/io/http/request.js";

const RAW =
  "40F7A1:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/ssl3_record.c:355:";
const faultOf = (code: string) => connectionFault(Object.assign(new Error(RAW), { code })).message;

test.each([
  ["EPROTO", "the server does not speak TLS there"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "no secure connection could be made (ERR_SSL_WRONG_VERSION_NUMBER)"],
  ["ENETDOWN", "the network is down"],
  ["HPE_INVALID_CONSTANT", "the answer is not HTTP (HPE_INVALID_CONSTANT)"],
  ["ESOMETHING", "the connection failed (ESOMETHING)"],
  ["CERT_HAS_EXPIRED", "the server's certificate is not accepted: it has expired"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "the server's certificate is not accepted: it is self-signed"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "the server's certificate is not accepted: it is for another host"],
  ["CERT_OF_NO_KIND", "the server's certificate is not accepted: it is not valid (CERT_OF_NO_KIND)"],
])("%s", (code, message) => {
  expect(faultOf(code)).toBe(message);
});
