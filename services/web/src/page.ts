import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ApiAddresses } from "./api-addresses.ts";

/** What the build has left in a folder (`scripts/build.ts`). */
export type Page = Readonly<{
  folder: string;
  /** The document of every address of the page. */
  html: string;
  /** Names of the files beside it whose address does not change with their content. */
  files: readonly string[];
}>;

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");

/**
 * Reads the page and writes the services' addresses into its document.
 *
 * @throws {Error} if it was not built.
 */
export async function readPage(folder: string, api: ApiAddresses): Promise<Page> {
  const names = await readdir(folder).catch((): string[] => []);
  if (!names.includes("index.html"))
    throw new Error(`there is no page in ${folder}: build it (make install, or npm run page -w @parley/web)`);
  const template = await readFile(join(folder, "index.html"), "utf8");
  const files = names.filter((name) => /^[a-z][\w-]*\.(?!html|br|gz)\w+$/.test(name));
  return { folder, files, html: template.replace("__API__", escaped(JSON.stringify(api))) };
}
