/**
 * Keeps secrets out of log lines. It works on the finished line, so that nothing is logged around it: fields,
 * errors, stacks and messages alike. Lines with nothing that looks like a secret pay for one regular expression.
 */
const GONE = '[redacted]'

/** Names of fields whose value is a secret, at the end of a longer name too (`dbPassword`, `x-api-key`). */
const WORDS = 'authorization|cookie|passw(?:or)?d|passphrase|secret|token|api[-_]?key|private[-_]?key'
const NAME = `(?:${WORDS}|credentials?|connection[-_]?string|database[-_]?url)s?`
const SECRET_NAME = new RegExp(`${NAME}$`, 'i')

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // Our keys, wherever they stand.
  [/\borr_[A-Za-z0-9_-]{16,}/g, GONE],
  // Tokens: each part of one is base64url, and the first begins a JSON object.
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/g, GONE],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${GONE}`],
  // The user and password of a connection string.
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@"'\\]+@/gi, `$1${GONE}@`],
  // `password=…`, `"token": "…"` inside of text.
  [new RegExp(`(${NAME}\\\\?["']?\\s*[=:]\\s*\\\\?["']?)(?!\\[redacted)[^\\s"'\\\\,;&}]{3,}`, 'gi'), `$1${GONE}`],
]

const SUSPICIOUS = new RegExp(`${NAME}|\\borr_|\\beyJ|\\b(?:Bearer|Basic)\\s|://[^\\s/?#@"]+@`, 'i')

/** @param line one JSON object and a line break. `known` are values that are secret here, such as the password of the database. */
export function redactLine(line: string, known: readonly string[] = []): string {
  const exact = known.some((secret) => line.includes(secret))
  if (!exact && !SUSPICIOUS.test(line)) return line
  return `${JSON.stringify(clean(JSON.parse(line), known))}\n`
}

function redactText(text: string, known: readonly string[] = []): string {
  let cleaned = text
  for (const secret of known) cleaned = cleaned.replaceAll(secret, GONE)
  for (const [pattern, replacement] of PATTERNS) cleaned = cleaned.replace(pattern, replacement)
  return cleaned
}

function clean(value: unknown, known: readonly string[]): unknown {
  if (typeof value === 'string') return redactText(value, known)
  if (Array.isArray(value)) return value.map((entry) => clean(entry, known))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      redactText(name, known),
      SECRET_NAME.test(name) && hides(field) ? GONE : clean(field, known),
    ]),
  )
}

/** Numbers and switches under such a name (`tokens: 512`) are figures, not secrets. */
function hides(field: unknown): boolean {
  return (typeof field === 'string' && field !== '') || (typeof field === 'object' && field !== null)
}
