declare module "bcrypt-pbkdf" {
  const bcrypt: {
    /** bcrypt of a hashed passphrase and a hashed salt, 64 bytes each, into 32 bytes. */
    hash(sha2pass: Uint8Array, sha2salt: Uint8Array, out: Uint8Array): void;
  };
  export default bcrypt;
}
