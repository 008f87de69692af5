/**
 * Makes `Date` and `Intl` the same on every machine: the clock is the run's, the local time zone is UTC and the default locale is en-US.
 * Zones and locales given by name (`timeZone: 'Europe/Berlin'`) work as usual.
 */
export function installUtcDate(now: () => number): void {
  const Native = Date
  const install = (target: object, name: string, value: unknown) =>
    Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false })

  function UtcDate(this: unknown, ...parts: unknown[]): Date | string {
    if (new.target === undefined) return new Native(now()).toString()
    const time = parts.length === 0 ? now() : parts.length === 1 ? readOne(parts[0]) : Native.UTC(...(parts as [number, number]))
    return Reflect.construct(Native, [time], new.target)
  }
  const readOne = (value: unknown): unknown => (typeof value === 'string' ? parse(value) : value)
  const parse = (text: string): number => Native.parse(hasZone(text) ? text : withUtc(text))

  UtcDate.prototype = Native.prototype
  Native.prototype.constructor = UtcDate as unknown as DateConstructor
  install(UtcDate, 'name', 'Date')
  install(UtcDate, 'length', 7)
  install(UtcDate, 'UTC', Native.UTC)
  install(UtcDate, 'parse', (text: unknown) => parse(String(text)))
  install(UtcDate, 'now', now)
  install(globalThis, 'Date', UtcDate)

  for (const part of ['FullYear', 'Month', 'Date', 'Hours', 'Minutes', 'Seconds', 'Milliseconds', 'Day']) {
    for (const verb of ['get', 'set']) {
      const utc: unknown = Reflect.get(Native.prototype, `${verb}UTC${part}`)
      if (utc !== undefined) install(Native.prototype, `${verb}${part}`, utc)
    }
  }
  install(Native.prototype, 'getTimezoneOffset', () => 0)
  const { toUTCString } = Native.prototype
  // `Tue, 01 Jan 2030 00:00:00 GMT` becomes `Tue Jan 01 2030 00:00:00 GMT+0000 (Coordinated Universal Time)`.
  const parts = (date: Date) => /^(\w+), (\d+) (\w+) (-?\d+) ([\d:]+)/.exec(toUTCString.call(date))
  const day = (date: Date) => parts(date)?.slice(1, 5) ?? []
  const toDateString = function (this: Date): string {
    const [weekday, dom, month, year] = day(this)
    return weekday === undefined ? 'Invalid Date' : `${weekday} ${month} ${dom} ${year}`
  }
  const toTimeString = function (this: Date): string {
    const time = parts(this)?.[5]
    return time === undefined ? 'Invalid Date' : `${time} GMT+0000 (Coordinated Universal Time)`
  }
  install(Native.prototype, 'toDateString', toDateString)
  install(Native.prototype, 'toTimeString', toTimeString)
  install(Native.prototype, 'toString', function (this: Date): string {
    return Number.isNaN(this.getTime()) ? 'Invalid Date' : `${toDateString.call(this)} ${toTimeString.call(this)}`
  })
  installIntl(install, Native, now)
}

type Install = (target: object, name: string, value: unknown) => unknown

function installIntl(install: Install, Native: DateConstructor, now: () => number): void {
  for (const name of ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString'] as const) {
    const original = Native.prototype[name]
    install(Native.prototype, name, function (this: Date, locales?: string, options?: Intl.DateTimeFormatOptions) {
      return original.call(this, locales ?? 'en-US', { timeZone: 'UTC', ...options })
    })
  }
  for (const name of Object.getOwnPropertyNames(Intl)) {
    const Original: unknown = Reflect.get(Intl, name)
    if (typeof Original !== 'function' || !/^[A-Z]/.test(name)) continue
    const isDateTime = name === 'DateTimeFormat'
    function Formatter(this: unknown, locales?: unknown, options?: object): object {
      return Reflect.construct(
        Original as never,
        [locales ?? 'en-US', isDateTime ? { timeZone: 'UTC', ...options } : options],
        new.target ?? Original,
      )
    }
    Formatter.prototype = Original.prototype
    Original.prototype.constructor = Formatter
    const { supportedLocalesOf } = Original as { supportedLocalesOf?: unknown }
    if (supportedLocalesOf !== undefined) install(Formatter, 'supportedLocalesOf', supportedLocalesOf)
    install(Formatter, 'name', name)
    install(Intl, name, Formatter)
  }
  const { prototype } = Intl.DateTimeFormat
  const format = Object.getOwnPropertyDescriptor(prototype, 'format')?.get
  const { formatToParts } = prototype
  Object.defineProperty(prototype, 'format', {
    configurable: true,
    get(this: Intl.DateTimeFormat) {
      const bound = format?.call(this) as (date?: Date | number) => string
      return (date?: Date | number) => bound(date ?? now())
    },
  })
  install(prototype, 'formatToParts', function (this: Intl.DateTimeFormat, date?: Date | number) {
    return formatToParts.call(this, date ?? now())
  })
}

const hasZone = (text: string): boolean =>
  // ISO 8601 dates without a time are UTC already (ECMA-262 21.4.1.32).
  /^[+-]?\d{4,6}(?:-\d\d(?:-\d\d)?)?$/.test(text) ||
  /(?:\dZ|:\d\d.*[+-]\d\d:?\d\d|\b(?:GMT|UTC|UT|[ECMP][SD]T)\b.*)\s*(?:\(.*\))?$/i.test(text)

const withUtc = (text: string): string => (/^[+-]?\d{4,6}-\d\d-\d\dT[\d:.]+$/.test(text) ? `${text}Z` : `${text} UTC`)
