/** Interval at which listeners' rights are checked without an announcement, ms. */
const RECHECK_MS = 10_000;

/** Runs the check of the listeners' rights, one at a time. Returns a function that stops it. */
export function maintainRights(recheckAll: () => Promise<void>): () => void {
  let isChecking = false;
  const timer = setInterval(() => {
    if (isChecking) return;
    isChecking = true;
    void recheckAll().finally(() => {
      isChecking = false;
    });
  }, RECHECK_MS);
  return () => clearInterval(timer);
}
