/**
 * Keeps secrets out of log lines. It works on the finished line, so that fields, errors, stacks and messages are all
 * covered. A line with nothing that looks like a secret costs one regular expression.
 */
const GONE = '[redacted]'

/** Names of fields whose value is a secret. They also match at the end of a longer name (`dbPassword`, `x-api-key`). */
const WORDS = 'authorization|cookie|passw(?:or)?d|passphrase|secret|token|api[-_]?key|private[-_]?key'
const NAME = `(?:${WORDS}|credentials?|connection[-_]?string|database[-_]?url)s?`
const SECRET_NAME = new RegExp(`${NAME}$`, 'i')

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // Orrery's own keys and secrets.
  [/\bor[rc]_[A-Za-z0-9_-]{16,}/g, GONE],
  // JSON Web Tokens: three parts in base64url, of which the first is a JSON object.
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/g, GONE],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${GONE}`],
  // User and password in a URL. A scheme without a limit would take quadratic time on a long path.
  [/\b([a-z][a-z0-9+.-]{0,31}:\/\/)[^\s/?#@"'\\]+@/gi, `$1${GONE}@`],
  // `password=…` and `"token": "…"` inside a text.
  [new RegExp(`(${NAME}\\\\?["']?\\s*[=:]\\s*\\\\?["']?)(?!\\[redacted)[^\\s"'\\\\,;&}]{3,}`, 'gi'), `$1${GONE}`],
]

const SUSPICIOUS = new RegExp(`${NAME}|\\bor[rc]_|\\beyJ|\\b(?:Bearer|Basic)\\s|://[^\\s/?#@"]+@`, 'i')

/** Values that are secret in this process, such as the database password. */
export interface KnownSecrets {
  readonly plain: readonly string[]
  /** Finds them in other forms, too (`patternOfSecrets`). Null: all of them are short. */
  readonly pattern: RegExp | null
}

const NONE: KnownSecrets = { plain: [], pattern: null }

/** @param line one JSON object and a line break. */
export function redactLine(line: string, known: KnownSecrets = NONE): string {
  const exact = known.plain.some((secret) => line.includes(secret)) || (known.pattern !== null && line.search(known.pattern) >= 0)
  if (!exact && !SUSPICIOUS.test(line)) return line
  return `${JSON.stringify(clean(JSON.parse(line), known))}\n`
}

function redactText(text: string, known: KnownSecrets): string {
  let cleaned = text
  if (known.pattern !== null) cleaned = cleaned.replace(known.pattern, GONE)
  for (const secret of known.plain) cleaned = cleaned.replaceAll(secret, GONE)
  for (const [pattern, replacement] of PATTERNS) cleaned = cleaned.replace(pattern, replacement)
  return cleaned
}

function clean(value: unknown, known: KnownSecrets): unknown {
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

/** Numbers and booleans under a secret's name (`tokens: 512`) are not secrets. */
function hides(field: unknown): boolean {
  return (typeof field === 'string' && field !== '') || (typeof field === 'object' && field !== null)
}
