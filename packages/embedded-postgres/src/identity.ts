/**
 * The user id of the PostgreSQL processes. PostgreSQL refuses to run as root, so a root process starts it with a numeric user id that no
 * account has: no account is created, and no other service of the machine shares the id.
 */
import { readFileSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'

/** Ids for child processes; undefined: they run as this process does. */
export type Identity = { readonly uid: number; readonly gid: number } | undefined

// systemd documents 60706-61183 as unused; ids above 65533 do not exist in many containers.
const FIRST_FREE_UID = 60_900
const LAST_FREE_UID = 61_183

const isRoot = (): boolean => process.getuid?.() === 0

/** The owner of an existing cluster is kept; a new cluster that root creates gets an id of its own. */
export function chooseIdentity(existingData: string | undefined): Identity {
  if (!isRoot()) return undefined
  if (existingData !== undefined) {
    const { uid, gid } = statSync(existingData)
    return { uid, gid }
  }
  const taken = new Set(readAccounts().map((account) => account.uid))
  for (let uid = FIRST_FREE_UID; uid <= LAST_FREE_UID; uid++) {
    if (!taken.has(uid)) return { uid, gid: uid }
  }
  throw new Error(
    `Every user id from ${FIRST_FREE_UID} to ${LAST_FREE_UID} is taken: start Orrery as an ordinary user, or set DATABASE_URL`,
  )
}

/** Unlike the server, `initdb` looks up the name of its user id, so root runs it as an existing account without rights. */
export function chooseInitIdentity(): Identity {
  if (!isRoot()) {
    requireName()
    return undefined
  }
  const accounts = readAccounts()
  const account = accounts.find(({ name }) => name === 'nobody') ?? accounts.find(({ uid }) => uid > 0)
  if (!account) throw new Error('The machine has no account but root: start Orrery as an ordinary user, or set DATABASE_URL')
  return { uid: account.uid, gid: account.gid }
}

/** In containers, processes often run with a user id that has no name. */
function requireName(): void {
  try {
    userInfo()
  } catch (cause) {
    const problem = `User id ${process.getuid?.()} has no name here, and PostgreSQL's initdb needs one`
    throw new Error(`${problem}: add it to /etc/passwd, or set DATABASE_URL`, { cause })
  }
}

function readAccounts(): { name: string; uid: number; gid: number }[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .filter((line) => line.includes(':') && !line.startsWith('#'))
    .map((line) => {
      const [name = '', , uid, gid] = line.split(':')
      return { name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }
    })
}
