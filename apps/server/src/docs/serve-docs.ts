import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PROBLEMS, type ProblemCode } from '@orrery/contract'
import { Hono } from 'hono'
import type { Backend } from '../backend.ts'
import { DOCS_PATH, OPENAPI_PATH } from '../http/paths.ts'
import type { ServerEnv } from '../http/request-info.ts'
import { describeApi } from '../rest/describe-api.ts'
import { escapeHtml, file, page } from './html.ts'

const OPTIONS = {
  url: OPENAPI_PATH,
  dom_id: '#api',
  deepLinking: true,
  validatorUrl: null,
  docExpansion: 'list',
  filter: true,
  tryItOutEnabled: true,
}
/** The key stays in the memory of the page. */
const START = `const ui = SwaggerUIBundle(${JSON.stringify(OPTIONS)})
const form = document.querySelector('#key')
form.addEventListener('submit', (event) => {
  event.preventDefault()
  const key = form.elements.key.value.trim()
  if (key === '') ui.authActions.logout(['key'])
  else ui.preauthorizeApiKey('key', key)
  form.querySelector('output').value = key === '' ? 'No key is used.' : 'Requests from this page use the key until it is closed.'
})
`
/** Swagger UI has a dark mode but does not follow the system setting. This script runs before the first paint. */
const THEME = `const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', follow)
follow()
`
const STYLE = `:root { color-scheme: light dark }
body { margin: 0; font-family: system-ui, sans-serif; background: #fff; color: #1b1b1f }
main.text { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.5 }
main.text ul { padding: 0; list-style: none }
main.text li { padding: 0.15rem 0 }
main.text code { background: #ececf1; border-radius: 3px; padding: 0.1em 0.3em }
main.text a { color: #0b57d0 }
#key { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: center; max-width: 1420px; margin: 1rem auto 0; padding: 0 20px }
#key input { width: 24rem; max-width: 100%; padding: 0.4rem; font: inherit; color: inherit; background: transparent; border: 1px solid #8c939b }
#key button { padding: 0.4rem 0.9rem; font: inherit; color: #fdfdfe; background: #2848a5; border: 0; border-radius: 3px; cursor: pointer }
#key output { flex-basis: 100% }
.dark-mode body { background: #1c2022; color: #e4e6e6 }
.dark-mode main.text code { background: #33383b }
.dark-mode main.text a { color: #8ab4f8 }
.dark-mode #key button { color: #0d1421; background: #99b3fa }
`
const KEY_FORM = `<form id="key">
<label for="api-key">API key</label>
<input id="api-key" name="key" type="password" autocomplete="off" spellcheck="false">
<button>Use this key</button>
<output></output>
</form>`

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
    docsPage(
      'Orrery API',
      `${KEY_FORM}<div id="api"></div><script src="${DOCS_PATH}/swagger-ui-bundle.js"></script><script src="${DOCS_PATH}/start.js"></script>`,
    ),
  )
  app.get(`${DOCS_PATH}/`, (context) => context.redirect(DOCS_PATH))
  app.get(`${DOCS_PATH}/start.js`, () => file(START, 'text/javascript; charset=utf-8'))
  app.get(`${DOCS_PATH}/theme.js`, () => file(THEME, 'text/javascript; charset=utf-8'))
  app.get(`${DOCS_PATH}/style.css`, () => file(STYLE, 'text/css; charset=utf-8'))
  for (const [name, type] of Object.entries(DOCS_ASSETS)) {
    app.get(`${DOCS_PATH}/${name}`, () => file(readAsset(name as DocsAsset), type))
  }
  app.get(`${DOCS_PATH}/problems`, () => docsPage('Problems', problemIndex()))
  for (const code of Object.keys(PROBLEMS) as ProblemCode[]) {
    app.get(`${DOCS_PATH}/problems/${code}`, () => docsPage(PROBLEMS[code].title, problemPage(code)))
  }
  return app
}

const docsPage = (title: string, body: string): Response =>
  page({ title, body, scripts: [`${DOCS_PATH}/theme.js`], styles: [`${DOCS_PATH}/swagger-ui.css`, `${DOCS_PATH}/style.css`] })

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
