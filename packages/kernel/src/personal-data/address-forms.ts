/** How an address may be written in what is stored. Texts are compared in lower case. */
export interface AddressForms {
  /** The ways to write it. A text without any of them does not mention it. */
  readonly needles: readonly string[]
  /** One of them, with its borders: `da@example.com` is not in `ada@example.com`. A regular expression of PostgreSQL and of JavaScript. */
  readonly pattern: string
}

/** How often JSON may be inside of JSON text, with each escape escaped again. */
const DEPTH_MAX = 3

/** Plain, and as JSON text may write it: with escapes for `"` and `\`, and for letters outside of ASCII; also in JSON inside of JSON. */
export function addressForms(email: string): AddressForms {
  const address = email.trim().toLowerCase()
  const forms = new Set([address])
  for (const first of [address, escapeLetters(address), escapeLetters(address, '@')]) {
    let form = first
    for (let depth = 0; depth < DEPTH_MAX; depth++) {
      // The escapes that `escapeLetters` wrote are escaped from the second depth on.
      if (depth > 0 || first === address) form = JSON.stringify(form).slice(1, -1)
      forms.add(form)
    }
  }
  const needles = [...forms]
  // What is before the address is its border, or the last letter of an escape such as \n.
  const before = String.raw`(^|[^a-z0-9._%+-]|\\[bfnrt]|\\u[0-9a-f]{4})`
  const after = String.raw`(?![a-z0-9-]|\.[a-z0-9])`
  return { needles, pattern: `${before}(${needles.map(quote).join('|')})${after}` }
}

/** @param also ASCII characters to escape too */
function escapeLetters(text: string, also = ''): string {
  return text.replaceAll(/[\s\S]/g, (letter) =>
    letter > '~' || also.includes(letter) ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}` : letter,
  )
}

function quote(text: string): string {
  return text.replaceAll(/[^a-z0-9@_-]/g, (letter) => (letter > '~' ? letter : `\\${letter}`))
}
