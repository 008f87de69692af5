const breaks = /^(?:br|p|div|li|tr|h[1-6]|table|ul|ol|hr|blockquote|section|article|header|footer)$/
const silent = /^(?:script|style|head|title|template)$/
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

/**
 * Extracts the text of a page or a mail in HTML. It runs in one pass from left to right, so that hostile HTML cannot make it slow. It does
 * not make HTML safe.
 */
export function htmlToText(html: string): string {
  // Convert only ASCII letters, which is enough for tag names. Others may become longer (`İ` becomes two) and shift the positions after
  // them.
  const lower = html.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
  const words: string[] = []
  let at = 0
  while (at < html.length) {
    const open = html.indexOf('<', at)
    words.push(html.slice(at, open < 0 ? html.length : open))
    if (open < 0) break
    const isComment = lower.startsWith('<!--', open)
    const end = isComment ? html.indexOf('-->', open) : html.indexOf('>', open)
    if (end < 0) break
    at = end + (isComment ? 3 : 1)
    const name = /^<\/?([a-z0-9]+)/.exec(lower.slice(open, open + 20))?.[1] ?? ''
    if (breaks.test(name)) words.push('\n')
    if (!silent.test(name) || lower[open + 1] === '/') continue
    const close = lower.indexOf(`</${name}`, at)
    if (close < 0) break
    at = close
  }
  return decode(words.join(''))
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/ ?\n ?/g, '\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()
}

function decode(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[String(name).toLowerCase()] ?? whole
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return point > 0x10ffff ? whole : String.fromCodePoint(point).toWellFormed()
  })
}
