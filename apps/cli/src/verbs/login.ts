import { createClient, ProblemError } from '@orrery/client'
import type { Command } from 'commander'
import {
  type Connection,
  findConnection,
  findOrg,
  nonEmpty,
  projectFileAbove,
  readStored,
  userFile,
  writeConnection,
} from '../connection.ts'
import { addCommonFlags, type CommonFlags } from '../derive/derive-verb.ts'
import { type Io, UsageError } from '../io.ts'
import { endLogin } from '../login/end-login.ts'
import { logInByDevice } from '../login/log-in-by-device.ts'
import { asTyped } from '../output/as-typed.ts'
import { shown } from '../shown.ts'

export function addLogin(root: Command, io: Io): void {
  const command = root
    .command('login')
    .summary('Log in at a server, or store a key for it')
    .description(
      'Shows a code and an address. Open the address in a browser, on any machine, and confirm the code: then this command line acts as you, ' +
        'until you log out, for 90 days. Where no person can confirm, such as in CI, store a key: ' +
        '`orrery login --server https://… < key.txt`, --api-key or ORRERY_KEY. What is stored is in a file that only you can read.',
    )
  addCommonFlags(command).action(async (flags: CommonFlags) => {
    const { url, org } = findConnection(io, flags)
    const before = readStored(userFile(io))
    const given = await readKey(io, flags)
    if (given === '' && nonEmpty(io.env.CI) !== undefined)
      throw new UsageError('no person can confirm a login in CI: set ORRERY_KEY, or run "orrery login" with a key on standard input')
    const isLogin = given === ''
    const key = isLogin ? await logInByDevice(io, url) : given
    const place = await choosePlace(io, { url, key, org, isLogin })
    writeConnection(userFile(io), { url, key, ...(isLogin ? { login: true, ...place.stored } : {}) })
    if (before?.isLogin === true && before.key !== null && before.key !== key) await endLogin(before.url, before.key, io.signal)
    io.out(isLogin ? shown`${place.person} in ${place.org} at ${url}\n` : shown`${place.org} at ${url}\n`)
    io.out(shown`stored in ${userFile(io)}\n`)
    warnOfOthers(io, url)
  })
}

/** Empty: none was given. */
async function readKey(io: Io, flags: CommonFlags): Promise<string> {
  const given = flags.apiKey ?? nonEmpty(io.env.ORRERY_KEY)
  return given ?? (io.isInputTerminal ? '' : (await io.readStdin()).trim())
}

/** Who acts, and where. A new login that leads nowhere is ended. */
async function choosePlace(io: Io, { url, key, org, isLogin }: Pick<Connection, 'url' | 'org' | 'isLogin'> & { readonly key: string }) {
  const client = createClient({ url, key, attempts: isLogin ? 5 : 1 })
  try {
    const me = await client.access.whoami({}, { signal: io.signal })
    const meant = org === null ? undefined : await findOrg(client, org, io.signal)
    const name = me.orgs.find(({ id }) => id === meant)?.name ?? me.org.name
    return { person: me.actor.name, org: name, stored: meant === undefined ? {} : { org: meant } }
  } catch (error) {
    if (isLogin) await endLogin(url, key, io.signal)
    if (!(error instanceof ProblemError) || error.status !== 401) throw error
    throw new UsageError(isLogin ? `you are not a member of any organization at ${url}` : `the key is not valid at ${url}`)
  }
}

/** What other commands take first. */
function warnOfOthers(io: Io, url: string): void {
  const file = projectFileAbove(io.cwd)
  if (file === null || readStored(file)?.key == null) return
  io.err(shown`${asTyped(io, `commands in this folder still use the key in ${file}; for ${url} pass --server, if it is another`)}\n`)
}
