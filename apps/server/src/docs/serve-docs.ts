import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PROBLEMS, type ProblemCode } from '@orrery/contract'
import { Hono } from 'hono'
import type { Backend } from '../backend.ts'
import { DOCS_PATH, OPENAPI_PATH } from '../http/paths.ts'
import type { ServerEnv } from '../http/request-info.ts'
import { describeApi } from '../rest/describe-api.ts'

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

const OPTIONS = {
  url: OPENAPI_PATH,
  dom_id: '#api',
  deepLinking: true,
  validatorUrl: null,
  docExpansion: 'list',
  filter: true,
  tryItOutEnabled: true,
}
const START = `SwaggerUIBundle(${JSON.stringify(OPTIONS)})\n`
/** Swagger UI has a dark mode but does not follow the system setting. This script runs before the first paint. */
const THEME = `const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', follow)
follow()
`
/** A sun and two planets on their orbits; the lines are grey, so that they are visible on light and dark. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#8a8f98" stroke-width="2">
<circle cx="16" cy="16" r="14"/><circle cx="16" cy="16" r="8"/>
<circle cx="16" cy="16" r="3" fill="#f5a623" stroke="none"/>
<circle cx="24" cy="16" r="2.5" fill="#3b82f6" stroke="none"/><circle cx="6" cy="6" r="3" fill="#22c55e" stroke="none"/>
</svg>
`
const STYLE = `:root { color-scheme: light dark }
body { margin: 0; font-family: system-ui, sans-serif; background: #fff; color: #1b1b1f }
main.text { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.5 }
main.text ul { padding: 0; list-style: none }
main.text li { padding: 0.15rem 0 }
main.text code { background: #ececf1; border-radius: 3px; padding: 0.1em 0.3em }
main.text a { color: #0b57d0 }
.dark-mode body { background: #1c2022; color: #e4e6e6 }
.dark-mode main.text code { background: #33383b }
.dark-mode main.text a { color: #8ab4f8 }
`

/**
 * Serves the OpenAPI document, a page to read and try it, and a page for each problem. Needs no key: it shows no data of an
 * organization.
 */
export function serveDocs(backend: Backend): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>()
  let document: string | undefined
  app.get(OPENAPI_PATH, () => {
    document ??= JSON.stringify(describeApi(backend.operations, { version: backend.version, url: backend.publicUrl() }))
    return file(document, 'application/json')
  })
  app.get(DOCS_PATH, () =>
    page(
      'Orrery API',
      `<div id="api"></div><script src="${DOCS_PATH}/swagger-ui-bundle.js"></script><script src="${DOCS_PATH}/start.js"></script>`,
    ),
  )
  app.get(`${DOCS_PATH}/`, (context) => context.redirect(DOCS_PATH))
  app.get(`${DOCS_PATH}/start.js`, () => file(START, 'text/javascript; charset=utf-8'))
  app.get(`${DOCS_PATH}/theme.js`, () => file(THEME, 'text/javascript; charset=utf-8'))
  app.get(`${DOCS_PATH}/icon.svg`, () => file(ICON, 'image/svg+xml'))
  app.get(`${DOCS_PATH}/style.css`, () => file(STYLE, 'text/css; charset=utf-8'))
  for (const [name, type] of Object.entries(DOCS_ASSETS)) {
    app.get(`${DOCS_PATH}/${name}`, () => file(readAsset(name as DocsAsset), type))
  }
  app.get(`${DOCS_PATH}/problems`, () => page('Problems', problemIndex()))
  for (const code of Object.keys(PROBLEMS) as ProblemCode[]) {
    app.get(`${DOCS_PATH}/problems/${code}`, () => page(PROBLEMS[code].title, problemPage(code)))
  }
  return app
}

function file(body: string | Buffer<ArrayBuffer>, type: string): Response {
  return new Response(body, { headers: { 'Content-Type': type, 'Cache-Control': 'no-cache' } })
}

function page(title: string, body: string): Response {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<script src="${DOCS_PATH}/theme.js"></script>
<link rel="icon" href="${DOCS_PATH}/icon.svg">
<link rel="stylesheet" href="${DOCS_PATH}/swagger-ui.css">
<link rel="stylesheet" href="${DOCS_PATH}/style.css">
</head>
<body>${body}</body>
</html>
`
  const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': POLICY, 'Cache-Control': 'no-cache' }
  return new Response(html, { headers })
}

function problemIndex(): string {
  const rows = (Object.keys(PROBLEMS) as ProblemCode[]).map((code) => {
    const { status, title } = PROBLEMS[code]
    return `<li><a href="${DOCS_PATH}/problems/${code}"><code>${code}</code></a> ${status} ${escapeHtml(title)}</li>`
  })
  return `<main class="text"><p><a href="${DOCS_PATH}">API</a></p><h1>Problems</h1><ul>${rows.join('')}</ul></main>`
}

function problemPage(code: ProblemCode): string {
  const { status, title, meaning, remedy } = PROBLEMS[code]
  return `<main class="text">
<p><a href="${DOCS_PATH}">API</a> / <a href="${DOCS_PATH}/problems">Problems</a></p>
<h1>${escapeHtml(title)}</h1>
<p><code>${code}</code>, status ${status}</p>
<h2>What it means</h2>
<p>${prose(meaning)}</p>
<h2>What to do</h2>
<p>${prose(remedy)}</p>
</main>`
}

/** Renders text of the problem catalogue, in which backticks mark code. */
function prose(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>')
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** The files of Swagger UI that the docs page loads. The published package contains copies; a checkout reads them from node_modules. */
const DOCS_ASSETS = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
} as const
type DocsAsset = keyof typeof DOCS_ASSETS

function readAsset(name: DocsAsset): Buffer<ArrayBuffer> {
  const packed = join(import.meta.dirname, 'assets', name)
  if (existsSync(packed)) return readFileSync(packed)
  return readFileSync(join(dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json')), name))
}
