/** The number of Debian's user `nobody`. */
export const nobody = 65_534;

/** The command as a user who owns nothing runs it. A test that is not run by root is such a user already. */
export function asNobody(command: readonly string[]): readonly string[] {
  if (process.getuid?.() !== 0) return command;
  return ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", "--no-new-privs", ...command];
}
