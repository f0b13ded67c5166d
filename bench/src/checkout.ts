import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openDatabase, type DatabaseLocation } from "@deepbot/db";
import { grow } from "./growth/grow.ts";

/** What a checkout of the repository needs to fill a database of its own schema. */
export interface Checkout {
  openDatabase: (location: DatabaseLocation) => Promise<{ migrate: () => Promise<void>; close: () => Promise<void> }>;
  grow: typeof grow;
}

export const ownCheckout: Checkout = { openDatabase, grow };

/** A checkout to compare with, and its server. */
export interface OtherCheckout extends Checkout {
  /** Main module of its bundle. */
  main: string;
}

/** Loads another checkout, which must be installed and built. Its schema may be an older one than ours. */
export async function loadCheckout(folder: string): Promise<OtherCheckout> {
  const load = async (path: string): Promise<unknown> => import(pathToFileURL(join(folder, path)).href);
  const db = (await load("packages/db/src/index.ts")) as Pick<Checkout, "openDatabase">;
  const growth = (await load("bench/src/growth/grow.ts")) as Pick<Checkout, "grow">;
  return { openDatabase: db.openDatabase, grow: growth.grow, main: join(folder, "apps/server/dist/server/main.js") };
}
