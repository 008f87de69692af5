/** Whether an address lies at `https://api.example.com`, or below `https://*.example.com`, which does not include that name itself. */
export function matchesOrigin(origin: string, url: URL): boolean {
  const [, scheme = '', wildcard, rest = ''] = /^(https?:\/\/)(\*\.)?(.+)$/.exec(origin) ?? []
  const place = URL.parse(`${scheme}${rest}`)
  if (place === null) return false
  if (wildcard === undefined) return place.origin === url.origin
  return place.protocol === url.protocol && place.port === url.port && url.hostname.endsWith(`.${place.hostname}`)
}
