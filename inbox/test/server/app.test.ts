// The routes, over a real connection, with a disk that does what a test wants: by topic, in app/. What is documented
// for each is checked against what comes in all of them, so they run as one.

import "./app/records.js";
import "./app/heads.js";
import "./app/room.js";
import "./app/disk.js";
import "./app/access.js";
import "./app/journal.js";
import "./app/acknowledgement.js";
import "./app/service.js";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import { PROBLEMS } from "../../src/problem.js";
import { responses } from "../service.js";
import { seen, start } from "./app/shared.js";

describe("what is documented", () => {
  interface Operation {
    readonly responses: Record<string, unknown>;
  }

  test("is a valid OpenAPI document", async () => {
    const { url } = await start();
    const document = await (await fetch(`${url}/openapi.json`)).json();
    expect(await new Validator().validate(document as Parameters<Validator["validate"]>[0])).toMatchObject({
      valid: true,
    });
    expect((document as { openapi: string }).openapi).toBe("3.1.0");
  });

  test("is what came in the tests above, and all of it came", async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/openapi.json`);
    const { paths } = (await answer.json()) as { paths: Record<string, Record<string, Operation>> };
    const documented = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, operation]) =>
        Object.keys(operation.responses).map((status) => `${method.toUpperCase()} ${path} ${status}`),
      ),
    );
    const known = [...responses].filter((line) => documented.some((other) => sameRoute(line, other)));
    expect(known.filter((line) => !documented.includes(line))).toEqual([]);
    expect(documented.filter((line) => !responses.has(line))).toEqual([]);
  });

  const sameRoute = (one: string, other: string) => one.slice(0, -4) === other.slice(0, -4);

  test("says of each response which problems it can be", async () => {
    const { url } = await start();
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
    const types = { type: { enum: [] as string[] }, status: { enum: [] as number[] } };
    const named = new Set<string>();
    for (const operation of Object.values(paths).flatMap((operations) => Object.values(operations as object)))
      for (const [status, response] of Object.entries((operation as { responses: object }).responses)) {
        const schema = response.content?.["application/problem+json"]?.schema as
          | { properties: typeof types }
          | undefined;
        for (const type of schema?.properties.type.enum ?? []) {
          const name = type.replace("urn:seal-inbox:", "") as keyof typeof PROBLEMS;
          expect([PROBLEMS[name].status], type).toEqual([Number(status)]);
          expect(schema!.properties.status.enum).toEqual([Number(status)]);
          named.add(name);
        }
      }
    const noRoute = ["timeout", "headers-too-large", "not-found", "method-not-allowed"];
    expect(Object.keys(PROBLEMS).filter((name) => !named.has(name))).toEqual(expect.arrayContaining(noRoute));
    expect(named.size).toBe(Object.keys(PROBLEMS).length - noRoute.length);
  });

  test("names every kind of problem, but for what is answered before there is a route, and each has been seen", () => {
    const noRoute = ["timeout", "headers-too-large"];
    expect(Object.keys(PROBLEMS).filter((name) => !seen.has(name) && !noRoute.includes(name))).toEqual([]);
  });
});
