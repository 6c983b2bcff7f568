// In place of bcrypt-pbkdf, which opens protected keys of OpenSSH: with it, the page would have more than 400 kB.
import { SealError } from "../src/errors.ts";

const refuse = () => {
  throw new SealError("usage", "this page does not open keys of OpenSSH that are under a passphrase");
};

export default { hash: refuse, pbkdf: refuse };
