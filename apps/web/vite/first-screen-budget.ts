import { gzipSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";

type Bundle = Rolldown.OutputBundle;

const catalogues = /\/src\/i18n\/[a-z]{2}\.ts$/;

function gzippedSize(chunk: Rolldown.OutputChunk): number {
  return gzipSync(chunk.code, { level: 9 }).length;
}

function chunksOf(bundle: Bundle): Rolldown.OutputChunk[] {
  return Object.values(bundle).filter((output) => output.type === "chunk");
}

/** The chunks that the browser must have before anything is drawn: the entry, and what it imports at once. */
function firstScreen(bundle: Bundle): Set<Rolldown.OutputChunk> {
  const needed = new Set<Rolldown.OutputChunk>();
  const take = (chunk: Rolldown.OutputChunk | undefined): void => {
    if (chunk === undefined || needed.has(chunk)) return;
    needed.add(chunk);
    for (const name of chunk.imports) take(chunksOf(bundle).find(({ fileName }) => fileName === name));
  };
  chunksOf(bundle)
    .filter((chunk) => chunk.isEntry)
    .forEach(take);
  return needed;
}

/** Fails the build when the first screen has grown too heavy. It includes one catalogue, counted as the largest. */
export function firstScreenBudget(limitKb: number): Plugin {
  return {
    name: "first-screen-budget",
    apply: "build",
    generateBundle(_, bundle) {
      const texts = chunksOf(bundle).filter(({ facadeModuleId }) => catalogues.test(facadeModuleId ?? ""));
      const code = [...firstScreen(bundle)].reduce((sum, chunk) => sum + gzippedSize(chunk), 0);
      const kb = (code + Math.max(0, ...texts.map(gzippedSize))) / 1000;
      const verdict = `First screen: ${kb.toFixed(1)} kB of JavaScript, gzipped; the limit is ${limitKb} kB.`;
      if (kb > limitKb) this.error(verdict);
      else this.info(verdict);
    },
  };
}
