import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { findSignatureFault, makeSigningSecret, type SignedDelivery } from './verify-signature.ts'

const nowMs = 1_614_265_330_000
const delivery = (body: string, headers: Record<string, string>): SignedDelivery => ({
  body: Buffer.from(body),
  header: (name) => headers[name] ?? null,
})

describe('Standard Webhooks', () => {
  // The example of the specification's reference libraries.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const body = '{"test": 2432232314}'
  const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
  const headers = { 'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': '1614265330', 'webhook-signature': signature }
  const verify = (changed: Record<string, string>, at = nowMs, text = body) =>
    findSignatureFault('standard', secret, delivery(text, { ...headers, ...changed }), at) === null

  it('accepts the example of the specification, also among other signatures', () => {
    expect(verify({})).toBe(true)
    expect(verify({ 'webhook-signature': `v1,AAAA v1a,xyz ${signature}` })).toBe(true)
  })

  it('accepts the headers of Svix, and never mixes those of both', () => {
    const svix = { 'svix-id': headers['webhook-id'], 'svix-timestamp': headers['webhook-timestamp'], 'svix-signature': signature }
    const verifySvix = (changed: Record<string, string>) =>
      findSignatureFault('standard', secret, delivery(body, { ...svix, ...changed }), nowMs)
    expect(verifySvix({})).toBeNull()
    // The id of the delivery is that of the first header that has one, so a repetition under another id must fail.
    expect(verifySvix({ 'webhook-id': 'msg_other' })).toBe('it has no webhook-timestamp, webhook-signature')
    expect(verifySvix({ 'svix-id': 'msg_other' })).toMatch(/^its svix-signature is not one/)
  })

  it('says why it rejects a delivery', () => {
    const faultOf = (changed: Record<string, string>, at = nowMs) =>
      findSignatureFault('standard', secret, delivery(body, { ...headers, ...changed }), at)
    expect(findSignatureFault('standard', secret, delivery(body, {}), nowMs)).toBe(
      'it has no webhook-id, webhook-timestamp, webhook-signature',
    )
    expect(faultOf({ 'webhook-timestamp': 'soon' })).toBe('its webhook-timestamp is not a number of seconds')
    expect(faultOf({}, nowMs + 301_000)).toBe('its webhook-timestamp is more than five minutes off')
    expect(faultOf({ 'webhook-id': 'other' })).toBe(
      'its webhook-signature is not one of the signing secret over its id, timestamp and body',
    )
  })

  it('rejects a changed delivery, another signature, and a timestamp more than five minutes away', () => {
    expect(verify({}, nowMs, `${body} `)).toBe(false)
    expect(verify({ 'webhook-id': 'msg_other' })).toBe(false)
    expect(verify({ 'webhook-timestamp': '1614265331' })).toBe(false)
    expect(verify({}, nowMs + 299_000)).toBe(true)
    expect(verify({}, nowMs + 301_000)).toBe(false)
    expect(verify({}, nowMs - 301_000)).toBe(false)
    for (const wrong of ['', 'v1', 'v1,', signature.slice(3), signature.replace('v1', 'v2'), `${signature.slice(0, -2)}A=`, 'v1,%%%'])
      expect(verify({ 'webhook-signature': wrong }), wrong).toBe(false)
    for (const wrong of ['', 'soon', '1e9', '-1614265330', '1614265330.5'])
      expect(verify({ 'webhook-timestamp': wrong }), wrong).toBe(false)
  })

  it('creates distinct secrets in the form of the specification', () => {
    const made = [makeSigningSecret('standard'), makeSigningSecret('standard')]
    expect(new Set(made).size).toBe(2)
    for (const one of made) expect(one).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  })
})

describe('GitHub', () => {
  // The example of GitHub's documentation ("Validating webhook deliveries").
  const secret = "It's a Secret to Everybody"
  const right = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'
  const verify = (signature: string, body = 'Hello, World!') =>
    findSignatureFault('github', secret, delivery(body, { 'x-hub-signature-256': signature }), nowMs) === null

  it('accepts only the example of its documentation', () => {
    expect(verify(`sha256=${right}`)).toBe(true)
    expect(verify(`sha256=${right}`, 'Hello, World')).toBe(false)
    for (const wrong of ['', right, `sha1=${right}`, `sha256=${right.toUpperCase()}`, `sha256=${right.slice(2)}`, `sha256=${right}00`])
      expect(verify(wrong), wrong).toBe(false)
    const other = createHmac('sha256', 'another').update('Hello, World!').digest('hex')
    expect(verify(`sha256=${other}`)).toBe(false)
  })

  it('signs the raw bytes, even if they are not UTF-8', () => {
    const body = Buffer.from([0xff, 0x00, 0xc3, 0x28])
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
    expect(findSignatureFault('github', secret, { body, header: () => signature }, nowMs)).toBeNull()
  })
})
