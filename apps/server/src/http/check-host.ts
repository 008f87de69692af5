import { isIP } from 'node:net'
import { problem } from '@orrery/contract'

export interface HostRules {
  /** Accepted names besides localhost and IP addresses. */
  readonly allowedHosts: readonly string[]
  readonly publicUrl: string | undefined
  readonly corsOrigins: readonly string[]
  /** Addresses and ranges whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[]
}

/**
 * Refuses requests that an attacker made a browser send here (DNS rebinding). `Host` shows the attacker's name; an IP address
 * cannot be rebound. An `Origin` must be the server's own or an allowed one; clients other than browsers send none.
 */
export function createHostCheck(rules: Omit<HostRules, 'trustedProxies'>): (request: Request) => void {
  const names = new Set(['localhost', ...rules.allowedHosts.map((name) => name.toLowerCase())])
  const origins = new Set(rules.corsOrigins)
  if (rules.publicUrl !== undefined) {
    names.add(new URL(rules.publicUrl).hostname)
    origins.add(rules.publicUrl)
  }
  return (request) => {
    const host = request.headers.get('host') ?? new URL(request.url).host
    const name = hostname(host)
    if (name === null || !(names.has(name) || isAddress(name))) throw refuse('Host', host)
    const origin = request.headers.get('origin')
    if (origin === null || origins.has(origin)) return
    // The origin of a page that this server itself served.
    if (URL.canParse(origin) && new URL(origin).host === host) return
    throw refuse('Origin', origin)
  }
}

export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^(::ffff:)?127\./.test(address)
}

function hostname(host: string): string | null {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname.toLowerCase() : null
}

function isAddress(name: string): boolean {
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0
}

function refuse(header: string, value: string) {
  return problem('host_not_allowed', `The header ${header} is "${value.slice(0, 200)}", which is not in this server's settings.`)
}
