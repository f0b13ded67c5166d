import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** Part of the name of a suite that was left out for want of a server or a program. */
const missing = /: needs \S/;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** A file that broke outside its tests counts as one failure; else its failure would be in no number. */
function countModule(module: TestModule): Counts {
  const states = [...module.children.allTests()].map((test) => test.result().state);
  const count = (state: (typeof states)[number]): number => states.filter((each) => each === state).length;
  const failed = count("failed");
  return {
    passed: count("passed"),
    failed: failed === 0 && module.state() === "failed" ? 1 : failed,
    skipped: count("skipped"),
  };
}

function countRun(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): Counts {
  const total: Counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
  for (const module of modules) {
    const counts = countModule(module);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  return total;
}

function findSuitesLeftOut(modules: readonly TestModule[]): string[] {
  const suites = modules.flatMap((module) => [...module.children.allSuites()]);
  const left = suites.filter((suite) => suite.options.mode === "skip" && missing.test(suite.name));
  return [...new Set(left.map((suite) => suite.fullName))];
}

/** Seconds that the workers spent on each project, the slowest first; nothing for a run of one project. */
function describeTimes(modules: readonly TestModule[]): string[] {
  const times = new Map<string, number>();
  for (const module of modules) {
    const { collectDuration, duration } = module.diagnostic();
    times.set(module.project.name, (times.get(module.project.name) ?? 0) + collectDuration + duration);
  }
  if (times.size < 2) return [];
  const slowestFirst = [...times].toSorted(([, a], [, b]) => b - a);
  return ["Seconds by project:", ...slowestFirst.map(([name, ms]) => `  ${name}: ${(ms / 1_000).toFixed(1)}`), ""];
}

/** Closes a run with the suites that were left out for want of something, and `N passed, N failed` as its last line. */
export const closingLineReporter: Reporter = {
  onTestRunEnd: (modules, unhandledErrors) => {
    for (const line of describeTimes(modules)) console.log(line);
    const suites = findSuitesLeftOut(modules);
    if (suites.length > 0) {
      console.log(["Skipped, because something is not there:", ...suites.map((name) => `  ${name}`), ""].join("\n"));
    }
    const { passed, failed, skipped } = countRun(modules, unhandledErrors);
    console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  },
};
