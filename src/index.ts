export { Identity } from "./api/identity.js";
export { inspect, open, openBytes, rewrap, seal, sealBytes, verify } from "./api/operations.js";
export type * from "./api/types.js";
export { type ErrorCode, SealError } from "./errors.js";
export type { Progress } from "./ops/io.js";
export type { Range } from "./ops/range.js";
