// What the bar and the lines of progress are made of.

import { describe, expect, test } from "vitest";
import { barLine } from "../../src/cli/say/bar.js";
import { escaped } from "../../src/cli/say/escape.js";
import { Meter } from "../../src/cli/say/meter.js";
import { fitted, widthOf } from "../../src/cli/say/width.js";

/** After so many bytes, which took so many milliseconds. */
function paceOf(done: number, total: number | null, elapsed: number): ReturnType<Meter["pace"]> {
  const meter = new Meter();
  meter.update(0, total, 0);
  meter.update(done, total, elapsed);
  return meter.pace(elapsed);
}

describe("how far the work is", () => {
  test("rate and time count from the first bytes, not from when somebody was asked for a passphrase", () => {
    const meter = new Meter();
    expect([meter.elapsed(100_000), meter.line()]).toEqual([0, "0 bytes"]);
    meter.update(1_000_000, 3_000_000, 100_000);
    meter.update(2_000_000, 3_000_000, 101_000);
    expect(meter.elapsed(101_000)).toBe(1000);
    expect(meter.pace(101_000)).toEqual({ percent: "66%", done: "2.00 MB", rate: "1.00 MB/s", left: "1 s left" });
  });

  test("in part, bytes, rate and time left", () => {
    expect(paceOf(50_000_000, 200_000_000, 10_000)).toEqual({
      percent: "25%",
      done: "50.0 MB",
      rate: "5.00 MB/s",
      left: "30 s left",
    });
  });

  test("without an end there is no part of it and no time left", () => {
    expect(paceOf(1000, null, 1000)).toEqual({ percent: "", done: "1.00 kB", rate: "1.00 kB/s", left: "" });
  });

  test("nothing is told of a rate before there is one", () => {
    expect(paceOf(0, 100, 0)).toEqual({ percent: "0%", done: "0 bytes", rate: "", left: "" });
    expect(paceOf(0, 0, 10)).toMatchObject({ percent: "100%", rate: "", left: "" });
  });

  test.each([
    [59, "59 s left"],
    [60, "1:00 min left"],
    [3599, "59:59 min left"],
    [3600, "1:00 h left"],
    [100_000, "27:46 h left"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(paceOf(1000, 1000 + 1000 * seconds, 1000).left).toBe(text);
  });

  test("what grew beyond its size is done, not more", () => {
    expect(paceOf(300, 200, 1000)).toMatchObject({ percent: "100%", left: "0 s left" });
  });
});

test("private keys of ssh and of other programs are not repeated, whole or cut", () => {
  const [begin, end] = ["-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----"];
  const putty = "PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\nSECRET\nPrivate-MAC: 0123abcd";
  for (const [text, due] of [
    [`cannot read ${begin}\nSECRET\n${end}: no such file`, "cannot read (a private key): no such file"],
    [`${begin} SECRET ${end}${begin} SECRET`, "(a private key)(a private key)"],
    [`"-----begin rsa private key-----\nSECRET`, '"(a private key)'],
    [`x ${putty}: no such file`, "x (a private key): no such file"],
    ["---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nSECRET", "(a private key)"],
    ["-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----"],
  ])
    expect(escaped(text!)).toBe(due);
});

describe("columns", () => {
  test.each([
    ["plain.txt", 9],
    ["e\u0301", 1],
    ["日本語.txt", 10],
    ["🔑", 2],
    ["ａ", 2],
    ["", 0],
  ])("%s takes %d", (text, width) => {
    expect(widthOf(text)).toBe(width);
  });

  test("what does not fit loses its beginning", () => {
    expect(fitted("directory/file.bin", 10)).toBe("…/file.bin");
    expect(fitted("日本語.txt", 8)).toBe("…語.txt");
    expect([0, 1, 2].map((columns) => fitted("abc", columns))).toEqual(["", "…", "…c"]);
  });
});

test("the bar is one line of any terminal, however narrow, and whatever the name", () => {
  const texts = ["25%", "50.0 MB", "5.00 MB/s", "30 s left"];
  for (const name of ["a", "notes.txt", "日本語".repeat(30), "x".repeat(500)]) {
    for (let columns = 2; columns < 200; columns++) {
      for (const part of [null, 0, 0.25, 1]) {
        const line = barLine(name, { part, texts }, columns);
        expect(widthOf(line), `${columns} ${line}`).toBeLessThan(columns);
        expect(line).not.toContain("\n");
      }
    }
  }
  expect(barLine("notes.txt", { part: 0.25, texts }, 80)).toBe(
    `notes.txt  ${"█".repeat(6)}${"░".repeat(18)}  25%  50.0 MB  5.00 MB/s  30 s left`,
  );
});
