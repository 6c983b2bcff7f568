import { Directory, initDirectory } from "../../../src/store/directory/store.js";
import { folder } from "../../folder.js";
import { inboxStoreContract } from "../contract.js";

inboxStoreContract("a directory", async () => {
  const path = `${await folder()}/box`;
  await initDirectory(path);
  return Directory.open(path);
});
