import { Hono } from 'hono'
import type { Backend } from '../backend.ts'
import { DOCS_PATH, MCP_PATH, OPENAPI_PATH } from '../http/paths.ts'
import type { ServerEnv } from '../http/request-info.ts'
import { escapeHtml, file, ICON_PATH, page } from './html.ts'

/** A hand of blued steel, and brass at its centre; the grey of the ring is visible on light and dark. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke-width="1.9" stroke-linecap="round">
<style>.steel { stroke: #2848a5 } .body { fill: #2848a5 } @media (prefers-color-scheme: dark) { .steel { stroke: #99b3fa } .body { fill: #99b3fa } }</style>
<path class="steel" d="M19.2 8.05A8.6 8.6 0 1 1 15.65 4.6"/><path class="steel" d="m12 12 5-5"/>
<circle cx="12" cy="12" r="3.1" fill="#bb8a2b"/><circle class="body" cx="18.1" cy="5.9" r="2.7"/>
</svg>
`
/** Asks for the health while the page is visible. It needs no key, so it says nothing about an organization. */
const SCRIPT = `const PERIOD_MS = 5000
async function show() {
  if (!document.hidden) {
    const found = await ask()
    for (const state of document.querySelectorAll('[data-service]')) {
      const word = found[state.dataset.service] ?? 'unknown'
      state.textContent = word
      state.dataset.state = word
    }
  }
  setTimeout(show, PERIOD_MS)
}
async function ask() {
  try {
    const { status, services } = await (await fetch('/health')).json()
    return { status, ...services }
  } catch {
    return { status: 'no answer' }
  }
}
addEventListener('DOMContentLoaded', show)
`
const STYLE = `:root {
  color-scheme: light dark;
  --canvas: light-dark(#f1f4f7, #090d14);
  --surface: light-dark(#fdfdfe, #10141c);
  --sunken: light-dark(#eaeef2, #06080e);
  --line: light-dark(#dce0e5, #252a35);
  --text: light-dark(#161c28, #e9edf2);
  --text-2: light-dark(#444c5a, #b3b9c3);
  --text-3: light-dark(#5d6572, #8d94a0);
  --steel: light-dark(#2848a5, #99b3fa);
  --succeeded: light-dark(#246e56, #70cbaa);
  --blocked: light-dark(#9e3e00, #fa9a6d);
  --failed: light-dark(#9d0715, #eb776e);
  --queued: light-dark(#5c6470, #979fab);
  --mono: ui-monospace, "SF Mono", Menlo, monospace;
}
* { box-sizing: border-box }
body { margin: 0; font: 14px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; background: var(--canvas); color: var(--text) }
main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1rem 3rem }
header { display: flex; align-items: center; gap: .75rem; margin-bottom: 1.5rem }
header img { width: 36px; height: 36px }
h1 { margin: 0; font-size: 20px; font-weight: 600 }
header p { margin: 0 0 0 auto; color: var(--text-3); font-family: var(--mono); font-size: 12px }
section { margin-top: 1rem; padding: 1rem 1.25rem; background: var(--surface); border: 1px solid var(--line); border-radius: 8px }
h2 { margin: 0 0 .5rem; font-size: 13px; font-weight: 600; color: var(--text-2) }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem; margin: 0 }
dt { color: var(--text-3); font-size: 12px }
dd { margin: 0; font-weight: 500; color: var(--queued) }
dd::before { content: '○ ' }
dd[data-state='healthy'] { color: var(--succeeded) }
dd[data-state='healthy']::before { content: '● ' }
dd[data-state='degraded'], dd[data-state='stopping'] { color: var(--blocked) }
dd[data-state='degraded']::before, dd[data-state='stopping']::before { content: '◐ ' }
dd[data-state='unhealthy'], dd[data-state='no answer'] { color: var(--failed) }
dd[data-state='unhealthy']::before, dd[data-state='no answer']::before { content: '✕ ' }
pre { margin: .5rem 0; padding: .75rem; overflow-x: auto; background: var(--sunken); border-radius: 5px; font: 12px/1.6 var(--mono) }
pre .note { color: var(--text-3) }
p { margin: .5rem 0; color: var(--text-2) }
code { font-family: var(--mono); font-size: 12px }
ul { margin: 0; padding: 0; list-style: none }
li { display: flex; flex-wrap: wrap; gap: 0 .75rem; padding: .25rem 0 }
li > :first-child { min-width: 8.5rem }
li span { color: var(--text-3) }
a { color: var(--steel) }
a:focus-visible { outline: 2px solid var(--steel); outline-offset: 2px }
`

const SERVICES = [
  ['status', 'Server'],
  ['database', 'Database'],
  ['workers', 'Workers'],
  ['redis', 'Redis'],
] as const

/** The page at `/`: what runs here, how to begin, and where to read on. It shows no data of an organization, so it needs no key. */
export function serveHome(backend: Backend): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>()
  app.get('/', () => page({ title: 'Orrery', body: describe(backend), scripts: ['/home.js'], styles: ['/home.css'] }))
  app.get('/home.js', () => file(SCRIPT, 'text/javascript; charset=utf-8'))
  app.get('/home.css', () => file(STYLE, 'text/css; charset=utf-8'))
  app.get(ICON_PATH, () => file(ICON, 'image/svg+xml'))
  return app
}

function describe(backend: Backend): string {
  const url = escapeHtml(backend.publicUrl())
  const states = SERVICES.map(([service, name]) => `<div><dt>${name}</dt><dd data-service="${service}">…</dd></div>`)
  return `<main>
<header><img src="${ICON_PATH}" alt=""><h1>Orrery</h1><p>${escapeHtml(backend.version)}</p></header>
<section><h2>This server</h2><dl aria-live="polite">${states.join('')}</dl>
<noscript><p>See <a href="/health">/health</a>.</p></noscript></section>
<section><h2>Begin</h2>
<p>In the folder of your project:</p>
<pre>npx orrery workflows list     <span class="note"># what is deployed</span>
npx orrery runs list          <span class="note"># what runs, newest first</span>
npx orrery why &lt;run&gt;          <span class="note"># why a run waits or failed</span>
npx orrery doctor             <span class="note"># checks server, key and workers</span></pre>
<p>From a program, with an API key:</p>
<pre>curl -s ${url}/api/v1/runs -H "Authorization: Bearer $ORRERY_KEY"</pre>
<p><code>orrery dev</code> stores a key in <code>.orrery/connection.json</code>; <code>npm start</code> prints the first one.</p></section>
<section><h2>Read on</h2><ul>
<li><a href="${DOCS_PATH}">API</a><span>every operation, to read and to try with a key</span></li>
<li><a href="${OPENAPI_PATH}">OpenAPI document</a><span>for generators of clients</span></li>
<li><a href="${DOCS_PATH}/problems">Problems</a><span>what an error code means and what to do</span></li>
<li><a href="/health">Health</a><span>for load balancers and people</span></li>
<li><code>${MCP_PATH}</code><span>the same operations as tools for a model, over MCP</span></li>
</ul></section>
</main>`
}
