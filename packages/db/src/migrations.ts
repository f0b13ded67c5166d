import { fileURLToPath } from "node:url";

/** Lies at the same distance from this file as from the bundle, where the build copies it. */
export const migrationsFolder: string = fileURLToPath(new URL("../migrations", import.meta.url));
