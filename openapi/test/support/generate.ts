import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { createClient } from "@hey-api/openapi-ts";
import openapiTS, { astToString } from "openapi-typescript";
import { generate } from "orval";

const document = new URL("../../../apps/server/openapi.json", import.meta.url);
const folder = fileURLToPath(new URL("../../.generated", import.meta.url));

async function generateWithOpenapiTypescript(): Promise<void> {
  await mkdir(`${folder}/openapi-typescript`, { recursive: true });
  await writeFile(`${folder}/openapi-typescript/schema.ts`, astToString(await openapiTS(document)));
}

/** Generates the clients. @param url where the server is: orval writes it into its client */
export async function generateClients(url: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const input = fileURLToPath(document);
  await createClient({ input, output: { path: `${folder}/hey-api` }, logs: { level: "silent" } });
  await generate({ input, output: { target: `${folder}/orval/index.ts`, client: "fetch", baseUrl: url } });
  await generateWithOpenapiTypescript();
}

/** Compiles the generated clients, and the programs that use them, under strict rules. @returns what the compiler says */
export async function compileConsumers(): Promise<string> {
  const compiler = createRequire(import.meta.url).resolve("typescript/lib/tsc.js");
  const project = fileURLToPath(new URL("../consumers", import.meta.url));
  const child = spawn(process.execPath, [compiler, "--project", project], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  await once(child, "close");
  return output;
}
