import { writeFileSync } from "node:fs";
import { generateDocument } from "./generate.ts";

writeFileSync(new URL("../../openapi.json", import.meta.url), `${JSON.stringify(generateDocument(), null, 2)}\n`);
