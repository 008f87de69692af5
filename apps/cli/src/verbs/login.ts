import { createClient } from '@orrery/client'
import type { Command } from 'commander'
import { findConnection, nonEmpty, userFile, writeConnection } from '../connection.ts'
import { addCommonFlags, type CommonFlags } from '../derive/derive-verb.ts'
import { type Io, UsageError } from '../io.ts'
import { shown } from '../shown.ts'

export function addLogin(root: Command, io: Io): void {
  const command = root
    .command('login')
    .summary('Store a server and a key for this user')
    .description(
      'Checks the key, then stores it with the URL of the server in a file that only you can read. ' +
        'Pass the key on standard input: `orrery login --server https://… < key.txt`.',
    )
  addCommonFlags(command).action(async (flags: CommonFlags) => {
    const { url } = findConnection(io, flags)
    if (flags.apiKey === undefined && io.isTerminal) io.err(shown`Paste the key, then press Enter and Ctrl-D:\n`)
    const key = flags.apiKey ?? nonEmpty(io.env.ORRERY_KEY) ?? (await io.readStdin()).trim()
    if (key === '') throw new UsageError('no key was given')
    const org = await createClient({ url, key, attempts: 1 }).orgs.get({ orgId: 'current' }, { signal: io.signal })
    writeConnection(userFile(io), { url, key })
    io.out(shown`${org.name} at ${url}\nstored in ${userFile(io)}\n`)
  })
}
