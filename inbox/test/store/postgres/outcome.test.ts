// What a failure of the database means for a request, and what it says.

import { DatabaseError } from "pg";
import { expect, test } from "vitest";
import { storageProblem } from "../../../src/problem.js";
import { asStoreError } from "../../../src/store/postgres/outcome.js";

const failed = (code: string) => {
  const error = new DatabaseError("it quotes a record", 0, "error");
  error.code = code;
  return asStoreError("cannot write it", error);
};

test("a database whose disk is full is a full disk, and its own words are not passed on", () => {
  expect(storageProblem(failed("53100")).problem).toBe("full");
  expect(storageProblem(failed("55P03")).problem).toBe("storage");
  expect(failed("55P03").message).toBe("cannot write it: the database answered 55P03");
  expect(failed("53100").message).not.toContain("record");
});
