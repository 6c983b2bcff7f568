export { SealError } from "./errors.js";
