// A Blob that gives fewer bytes than it was asked for: what follows must not be taken for what is missing.

import { expect, test } from "vitest";
import { blobJournal, blobSource } from "../../src/io/blob.js";

/** Says its size, and gives less of each piece. */
class Short extends Blob {
  override slice(from = 0, to = this.size): Blob {
    return super.slice(from, Math.max(from, to - 1));
  }
}

const blob = () => new Short([new Uint8Array(100)]);
const REFUSED = { code: "io", message: "cannot read the input: it has become shorter" };

test("read in order", async () => {
  await expect(blobSource(blob()).read(10)).rejects.toMatchObject(REFUSED);
});

test("read by position", async () => {
  await expect(blobSource(blob()).readAt(5, 10)).rejects.toMatchObject(REFUSED);
  await expect(blobJournal(blob()).readAt(5, 10)).rejects.toMatchObject({ code: "io" });
});

test("whole pieces, and what would go beyond the end", async () => {
  const whole = new Blob([new Uint8Array(100)]);
  expect(await blobSource(whole).readAt(95, 10)).toHaveLength(5);
  expect(await blobSource(whole).readAt(200, 10)).toHaveLength(0);
  expect(await blobSource(whole).read(200)).toHaveLength(100);
});
