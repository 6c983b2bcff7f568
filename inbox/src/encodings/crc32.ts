// The checksum of gzip (RFC 1952, section 8).

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** `sum`: of what came before; 0 where nothing did. */
export function crc32(bytes: Uint8Array, start: number, end: number, sum = 0): number {
  let value = ~sum;
  for (let at = start; at < end; at++) value = TABLE[(value ^ bytes[at]!) & 0xff]! ^ (value >>> 8);
  return ~value >>> 0;
}
