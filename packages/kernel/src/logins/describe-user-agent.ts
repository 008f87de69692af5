/** The first that fits. Most browsers also call themselves Chrome or Safari. */
const PROGRAMS: readonly (readonly [RegExp, string])[] = [
  [/^orrery\b/i, 'The orrery command'],
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\b(OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|Chromium|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Android/, 'Android'],
  [/Windows|win32/, 'Windows'],
  [/Macintosh|Mac OS X|darwin/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/i, 'Linux'],
]

/** The header User-Agent in words, such as `Firefox on Linux`. */
export function describeUserAgent(header: string | null): string {
  const text = (header ?? '').slice(0, 512)
  const find = (of: typeof PROGRAMS) => of.find(([pattern]) => pattern.test(text))?.[1]
  const [program = 'Unknown program', system] = [find(PROGRAMS), find(SYSTEMS)]
  return system === undefined ? program : `${program} on ${system}`
}
