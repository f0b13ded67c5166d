import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { apiReport } from "./api-report.ts";

const folder = fileURLToPath(new URL("../dist", import.meta.url));
writeFileSync(new URL("../api.txt", import.meta.url), apiReport(folder));
