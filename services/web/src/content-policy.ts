/**
 * The Content-Security-Policy of the page: nothing but what this origin serves, and requests to the services.
 *
 * @param apiOrigins of the services, HTTP and WebSocket
 */
export function contentPolicy(apiOrigins: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "img-src 'self' blob: data:",
    `connect-src 'self' ${apiOrigins.join(" ")}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
    "require-trusted-types-for 'script'",
  ].join("; ");
}
