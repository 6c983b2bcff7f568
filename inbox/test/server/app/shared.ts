// What the tests of the routes share, which app.test.ts brings together: each must see what the others have seen.

import { connect } from "node:net";
import { SealError } from "@sealed-files/seal";
import { expect } from "vitest";
import { PROBLEMS } from "../../../src/problem.js";
import { fakeDisk } from "../../fake-writer.js";
import { type Running, type Settings, startService } from "../../service.js";

export async function start(settings: Settings = {}): Promise<Running & { disk: ReturnType<typeof fakeDisk> }> {
  const disk = fakeDisk();
  return { ...(await startService(disk.openWriter, settings)), disk };
}

export type Head = Record<string, string>;

/** Kinds of problems that have been seen in a response. */
export const seen = new Set<string>();

export async function problemOf(response: Response): Promise<string> {
  expect(response.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  const body = (await response.json()) as { type: string; status: number; title: string; detail: string };
  expect(body.status).toBe(response.status);
  expect(Object.keys(body)).toEqual(["type", "title", "status", "detail"]);
  const name = body.type.replace("urn:seal-inbox:", "");
  expect(PROBLEMS[name as keyof typeof PROBLEMS].status).toBe(response.status);
  seen.add(name);
  return name;
}

export const KEY = "0b2f3c9e-7a51-4f0e-8f60-3f1ad2c1b7aa";

export const diskError = (code: string) =>
  new SealError("io", `cannot write: ${code}`, { cause: Object.assign(new Error(), { code }) });

/** The bytes of a request with a record. */
export function postOf(token: string, length: number, body: string): string {
  const head = `POST /v1/inboxes/till/records HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}`;
  return `${head}\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n${body}`;
}

/** What comes back for these bytes, until the connection ends. */
export function raw(url: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(bytes));
    let answer = "";
    socket.on("data", (piece) => {
      answer += piece;
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}
