// What is bundled: its licences, and the bill of materials.

import { readdirSync, readFileSync } from "node:fs";

/** The folders of the packages of which something is in the output, sorted. */
export function bundledPackages(bundles) {
  const folders = new Set();
  for (const { output } of bundles) {
    for (const path of output.flatMap(({ modules }) => Object.keys(modules ?? {}))) {
      const [folder] = /node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path) ?? [];
      if (folder) folders.add(folder);
    }
  }
  return [...folders].sort();
}

/** Licences that may be passed on without a text of the package's own: it names no other. */
const KNOWN = new Set(["MIT", "ISC", "BSD-3-Clause"]);

/**
 * Name, version and licence text of each package. Throws where one has neither a licence file nor a known licence: it
 * may not be passed on then.
 */
export function notices(folders, root) {
  const heading = "dist/ contains code of the following packages, under their licences.\n";
  const rule = "-".repeat(80);
  const entries = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${root}${folder}/package.json`, "utf8"));
    const file = readdirSync(root + folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file && !KNOWN.has(license)) throw new Error(`${folder} is bundled and has no licence`);
    if (!file)
      return `${rule}\n${name} ${version} (${license})\n\nThe package has no licence file; its package.json says ${license}.\n`;
    const text = readFileSync(`${root}${folder}/${file}`, "utf8").replaceAll("\r\n", "\n").trim();
    return `${rule}\n${name} ${version} (${license})\n\n${text}\n`;
  });
  return [heading, ...entries].join("\n");
}

/** The bill of materials (CycloneDX 1.5) of a package that bundles these: the same text for the same packages. */
export function billOfMaterials({ name, version, license }, folders, root) {
  const component = (type, of) => ({
    type,
    "bom-ref": `pkg:npm/${of.name.replace("@", "%40")}@${of.version}`,
    name: of.name,
    version: of.version,
    licenses: [{ license: { id: of.license } }],
    purl: `pkg:npm/${of.name.replace("@", "%40")}@${of.version}`,
  });
  const main = component("application", { name, version, license });
  const components = folders
    .map((folder) => JSON.parse(readFileSync(`${root}${folder}/package.json`, "utf8")))
    .map((of) => component("library", of));
  const dependencies = [{ ref: main.purl, dependsOn: components.map(({ purl }) => purl) }];
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: main },
    components,
    dependencies,
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}
