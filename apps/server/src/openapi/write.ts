import { writeFileSync } from "node:fs";
import { renderWorkerGuide } from "../docs/worker-guide.ts";
import { generateDocument } from "./generate.ts";

function write(file: string, content: object): void {
  writeFileSync(new URL(`../../${file}`, import.meta.url), `${JSON.stringify(content, null, 2)}\n`);
}

write("openapi.json", generateDocument());
write("worker-guide.json", renderWorkerGuide());
