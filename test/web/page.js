// The library for browsers, for the scripts of tests.
import * as seal from "../../dist/web.js";

globalThis.seal = seal;
