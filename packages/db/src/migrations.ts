import { fileURLToPath } from "node:url";

/** The path is the same from this file and from the bundle, beside which the build copies the folder. */
export const migrationsFolder: string = fileURLToPath(new URL("../migrations", import.meta.url));
