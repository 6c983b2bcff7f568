// Loaded into the service by the tests of a clock that jumps: Date is off by as many milliseconds as the file says that
// SHIFTED_CLOCK names. (node --import …)
import { readFileSync } from "node:fs";

const RealDate = Date;
const now = () => RealDate.now() + Number(readFileSync(process.env.SHIFTED_CLOCK, "latin1"));

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length > 0) super(...given);
    else super(now());
  }

  static now() {
    return now();
  }
};
