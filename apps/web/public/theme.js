// Before anything is drawn, so that a chosen theme does not flash in the other colours.
// The name and values are those of src/app/preferences.ts.
(() => {
  try {
    const theme = localStorage.getItem("deepbot.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is closed to us: the system's theme it is.
  }
})();
