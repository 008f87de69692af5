/** Pages of this server: HTML without inline code, and files beside it. */

/** Allows only resources of this server and no inline code. Swagger UI draws its icons as `data:` images. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export interface Page {
  readonly title: string
  readonly body: string
  /** Addresses; they run before the first paint. */
  readonly scripts: readonly string[]
  readonly styles: readonly string[]
}

export const ICON_PATH = '/icon.svg'

export function page({ title, body, scripts, styles }: Page): Response {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
${scripts.map((script) => `<script src="${script}"></script>\n`).join('')}<link rel="icon" href="${ICON_PATH}">
${styles.map((style) => `<link rel="stylesheet" href="${style}">\n`).join('')}</head>
<body>${body}</body>
</html>
`
  const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': POLICY, 'Cache-Control': 'no-cache' }
  return new Response(html, { headers })
}

export function file(body: string | Buffer<ArrayBuffer>, type: string): Response {
  return new Response(body, { headers: { 'Content-Type': type, 'Cache-Control': 'no-cache' } })
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
