import { readFileSync, writeFileSync } from "node:fs";
import { replaceDiagram } from "./draw-schema.ts";

const path = new URL("../../../docs/data-model.md", import.meta.url);
writeFileSync(path, replaceDiagram(readFileSync(path, "utf8")));
