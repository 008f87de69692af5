/**
 * Whose rights the PostgreSQL processes get. PostgreSQL refuses to run as root, so a root process hands it a numeric user id
 * that belongs to nobody: no account is made, and no other service of the machine shares it.
 */
import { readFileSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'

/** Ids to give to child processes; undefined: they run as we do. */
export type Identity = { readonly uid: number; readonly gid: number } | undefined

// systemd documents 60706-61183 as used by nobody; ids above 65533 do not exist in many containers.
const firstFreeUid = 60_900
const lastFreeUid = 61_183

const isRoot = (): boolean => process.getuid?.() === 0

/** The owner of an existing cluster keeps it; a new one, made by root, gets an id of its own. */
export function chooseIdentity(existingData: string | undefined): Identity {
  if (!isRoot()) return undefined
  if (existingData !== undefined) {
    const { uid, gid } = statSync(existingData)
    return { uid, gid }
  }
  const taken = new Set(readAccounts().map((account) => account.uid))
  for (let uid = firstFreeUid; uid <= lastFreeUid; uid++) {
    if (!taken.has(uid)) return { uid, gid: uid }
  }
  throw new Error(`Every user id from ${firstFreeUid} to ${lastFreeUid} is taken: start Orrery as an ordinary user, or set DATABASE_URL`)
}

/** `initdb` (unlike the server) looks its user id up by name, so root runs it as an account that exists and has no rights. */
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

/** Containers like to run as a bare number. */
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
