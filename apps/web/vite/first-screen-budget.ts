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

/** The chunks that the browser needs before it can render anything: the entry and its static imports. */
function firstScreen(bundle: Bundle): Set<Rolldown.OutputChunk> {
  const needed = new Set<Rolldown.OutputChunk>();
  const add = (chunk: Rolldown.OutputChunk | undefined): void => {
    if (chunk === undefined || needed.has(chunk)) return;
    needed.add(chunk);
    for (const name of chunk.imports) add(chunksOf(bundle).find(({ fileName }) => fileName === name));
  };
  chunksOf(bundle)
    .filter((chunk) => chunk.isEntry)
    .forEach(add);
  return needed;
}

/**
 * Fails the build if the first screen needs more JavaScript than the limit, in kB after gzip. That includes the texts of
 * one language; the largest counts.
 */
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
