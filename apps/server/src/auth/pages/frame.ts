import { escapeHtml, ICON_PATH, page } from '../../docs/html.ts'

export const SCRIPT_PATH = '/people.js'
export const STYLE_PATH = '/people.css'

export interface Frame {
  /** Picks the part of the script. */
  readonly id: string
  readonly title: string
  /** Below the title; HTML. */
  readonly lead: string
  readonly body: string
  readonly foot?: string
}

/** A page of one column with a form, and the drawing beside it where there is room. What went wrong is said in the line `#problem`. */
export function frame({ id, title, lead, body, foot = '' }: Frame): Response {
  return page({
    title: `${title} · Orrery`,
    scripts: [SCRIPT_PATH],
    styles: [STYLE_PATH],
    body: `<div class="split"><main data-page="${id}"><div class="box">
<header><img src="${ICON_PATH}" alt="Orrery" width="40" height="40"><h1>${escapeHtml(title)}</h1><p class="dim" id="lead">${lead}</p></header>
<p class="problem" id="problem" role="alert" hidden></p>
${body}
</div><footer><span>${foot}</span></footer></main>
<div class="art" aria-hidden="true">${DRAWING}</div></div>
<noscript><p class="problem">These pages need JavaScript, because passkeys do.</p></noscript>`,
  })
}

/** A page of an own account: lists and settings, in the width of a text. */
export function sheet({ id, title, lead, body, foot = '' }: Frame): Response {
  return page({
    title: `${title} · Orrery`,
    scripts: [SCRIPT_PATH],
    styles: [STYLE_PATH],
    body: `<main class="sheet" data-page="${id}"><header class="row"><a href="/"><img src="${ICON_PATH}" alt="Orrery" width="32" height="32"></a>
<div><h1>${escapeHtml(title)}</h1><p class="dim" id="lead">${lead}</p></div>${foot}</header>
<p class="problem" id="problem" role="alert" hidden></p>
${body}</main>`,
  })
}

const DRAWING = draw()

/** Rings with ticks, a planet on each ring, and a brass sun: still. */
function draw(): string {
  const at = (radius: number, degrees: number): string => {
    const angle = (degrees * Math.PI) / 180
    return `${(300 + radius * Math.sin(angle)).toFixed(1)} ${(300 - radius * Math.cos(angle)).toFixed(1)}`
  }
  const rings = [86, 140, 196, 254].map((radius) => `<circle cx="300" cy="300" r="${radius}"/>`)
  const ticks = Array.from({ length: 144 }, (_, i) => {
    const inner = i % 12 === 0 ? 280 : 274
    return `M${at(268, i * 2.5)}L${at(inner, i * 2.5)}`
  })
  const planets = [
    { ring: 86, at: 38, size: 9, body: 'steel' },
    { ring: 140, at: 205, size: 12, body: 'ink' },
    { ring: 196, at: 112, size: 15, body: 'steel' },
    { ring: 254, at: 316, size: 11, body: 'ink' },
  ].map(({ ring, at: degrees, size, body }) => {
    const [x = '', y = ''] = at(ring, degrees).split(' ')
    return `<path d="M300 300L${x} ${y}"/><circle class="${body}" cx="${x}" cy="${y}" r="${size}"/>`
  })
  return `<svg viewBox="0 0 600 600">${rings.join('')}<path d="${ticks.join('')}"/>${planets.join('')}<circle class="sun" cx="300" cy="300" r="34"/></svg>`
}
