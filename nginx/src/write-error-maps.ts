import { writeFileSync } from "node:fs";
import { errorMaps } from "./error-maps.ts";

writeFileSync(new URL("../conf/error-maps.conf", import.meta.url), errorMaps());
