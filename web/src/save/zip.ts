// Records as files, in one archive (PKWARE's APPNOTE, 4.3): stored, not compressed. No entry's name comes from a
// record.

export interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly time: Date;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** More has no place in an archive of this kind. */
export const MOST_ENTRIES = 65_535;

export function zip(entries: readonly Entry[]): Blob {
  const [parts, directory]: [BlobPart[], BlobPart[]] = [[], []];
  let [offset, size] = [0, 0];
  for (const { name, bytes, time } of entries) {
    const encoded = new TextEncoder().encode(name);
    const common = [
      ...u16(20, 0x0800, 0),
      ...dosTime(time),
      ...u32(crc32(bytes), bytes.length, bytes.length),
      ...u16(encoded.length, 0),
    ];
    const local = Uint8Array.from([...u32(0x04034b50), ...common, ...encoded]);
    const central = Uint8Array.from([
      ...u32(0x02014b50),
      ...u16(20),
      ...common,
      ...u16(0, 0, 0),
      ...u32(0, offset),
      ...encoded,
    ]);
    parts.push(local, bytes);
    directory.push(central);
    offset += local.length + bytes.length;
    size += central.length;
  }
  const end = [...u32(0x06054b50), ...u16(0, 0, entries.length, entries.length), ...u32(size, offset), ...u16(0)];
  return new Blob([...parts, ...directory, Uint8Array.from(end)], { type: "application/zip" });
}

function dosTime(time: Date): number[] {
  const year = Math.min(Math.max(time.getUTCFullYear(), 1980), 2107);
  const day = ((year - 1980) << 9) | ((time.getUTCMonth() + 1) << 5) | time.getUTCDate();
  return u16((time.getUTCHours() << 11) | (time.getUTCMinutes() << 5) | (time.getUTCSeconds() >> 1), day);
}

function u16(...values: number[]): number[] {
  return values.flatMap((value) => [value & 255, (value >>> 8) & 255]);
}

function u32(...values: number[]): number[] {
  return values.flatMap((value) => u16(value & 65535, value >>> 16));
}
