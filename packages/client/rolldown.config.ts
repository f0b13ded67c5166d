import { rmSync } from "node:fs";
import { defineConfig, type OutputOptions, type Plugin } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { thirdPartyLicenses } from "./scripts/third-party-licenses.ts";
import { wireTypes } from "./scripts/wire-types.ts";

const input = {
  index: "src/index.ts",
  node: "src/node/index.ts",
  react: "src/react/index.ts",
  worker: "src/worker/index.ts",
};

const output: OutputOptions = {
  dir: "dist",
  format: "esm",
  chunkFileNames: "shared/[name].js",
  minifyInternalExports: false,
};

const external = [/^node:/, "ai"];

const writtenOut: Plugin = {
  name: "wire-types",
  load: (id) => (id.endsWith("/src/wire.ts") ? wireTypes() : null),
};

rmSync(new URL("dist", import.meta.url), { recursive: true, force: true });

export default defineConfig([
  {
    input: { ...input, cli: "src/cli/main.ts" },
    platform: "neutral",
    external,
    plugins: [thirdPartyLicenses],
    output,
  },
  {
    input,
    platform: "neutral",
    external,
    plugins: [writtenOut, dts({ generator: "oxc", dtsOnly: true })],
    output,
  },
]);
