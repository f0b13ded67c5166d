import type { Client as Published } from "../../../dist/index.js";
import type { Client } from "../../../src/wire.ts";

/** Holds while the written types take no input that the server's do not, and promise no output that the server's do not. */
export const published = (client: Client): Published => client;
