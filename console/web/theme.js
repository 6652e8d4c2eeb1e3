// Runs before anything is drawn, so that a chosen theme does not flash up as the other one first.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("assay-theme");
  } catch {
    // Storage may be closed to pages; then the system's theme it is.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
