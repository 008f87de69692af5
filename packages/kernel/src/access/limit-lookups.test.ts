import { expect, test } from 'vitest'
import { limitLookups, networkOf } from './limit-lookups.ts'

test.for([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:2::6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ['', ''],
] as const)('the network of %s is %s', ([address, network]) => expect(networkOf(address)).toBe(network))

test('limits one network by what it does not find, and no other network', async () => {
  let now = 0
  const look = limitLookups(() => now)
  const miss = async (address: string) => await look(networkOf(address), async () => null).catch((error: { code: string }) => error.code)
  const hit = (address: string) => look(networkOf(address), async () => 'found')
  await Promise.all(Array.from({ length: 1000 }, async () => expect(await hit('2001:db8::1')).toBe('found')))
  // Another address of the same /64 each time.
  for (let i = 0; i < 100; i++) expect(await miss(`2001:db8::${i.toString(16)}`)).toBeNull()
  expect(await miss('2001:db8::ffff')).toBe('rate_limited')
  expect(await hit('2001:db8:0:1::1')).toBe('found')
  expect(await miss('192.0.2.7')).toBeNull()
  now += 100
  expect(await hit('2001:db8::1')).toBe('found')
})

test('counts guesses that were made at the same time against later ones', async () => {
  let now = 0
  const look = limitLookups(() => now)
  const miss = () => look('192.0.2.7', async () => null).catch((error: { code: string }) => error.code)
  expect(new Set(await Promise.all(Array.from({ length: 200 }, miss)))).toEqual(new Set([null]))
  now += 10_000
  expect(await miss()).toBe('rate_limited')
  now += 200
  expect(await miss()).toBeNull()
})

test('does not count a look-up that failed', async () => {
  const look = limitLookups(() => 0)
  const fail = () => look('192.0.2.7', () => Promise.reject(new Error('no database')))
  for (let i = 0; i < 200; i++) await expect(fail()).rejects.toThrow('no database')
})
