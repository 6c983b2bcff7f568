import { Directory, initDirectory } from "../../../src/store/directory/store.js";
import { folder } from "../../folder.js";
import { inboxStoreContract } from "../contract.js";
import { retentionContract } from "../retention-contract.js";

const open = async () => {
  const path = `${await folder()}/box`;
  await initDirectory(path);
  return Directory.open(path);
};

inboxStoreContract("a directory", open);
retentionContract("a directory", open);
