/** Gives the page the height that a keyboard on the screen leaves, where the browser does not do that itself (Safari). */
export function watchViewport(): void {
  const { visualViewport: seen } = window;
  if (!seen) return;
  const follow = () => {
    // Zoomed in by two fingers, the page stays as large as it is.
    if (seen.scale > 1.01) return;
    document.documentElement.style.setProperty("--height", `${seen.height}px`);
    if (seen.offsetTop > 0) scrollTo(0, 0);
  };
  seen.addEventListener("resize", follow);
  follow();
}
