/**
 * The database cluster on disk:
 *
 *     <folder>/cluster/data         PostgreSQL's own files, mode 0700, owned by the identity that runs it
 *     <folder>/cluster/secret.json  passwords, mode 0600, owned by this process
 *     <folder>/postgres.log
 */
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  existsSync,
  lchownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { chooseIdentity, chooseInitIdentity, type Identity } from './identity.ts'
import { executable, findNative } from './native-folder.ts'
import { folderSeenBy, lastLines, runAs } from './spawn-as.ts'

export const superuser = 'postgres'
const MAJOR_VERSION = '17'
const draftPrefix = 'cluster.new-'

export interface Secret {
  readonly adminPassword: string
  readonly password: string
}

export interface Cluster {
  readonly data: string
  readonly identity: Identity
  readonly native: string
  readonly secret: Secret
  /** Shown in the titles of all its processes. Made of the folder's device and inode, so a copied folder has another name. */
  readonly name: string
  readonly logFile: string
}

/** Opens the cluster in this folder, and creates it if it does not exist. The caller holds the folder's lock. */
export async function openCluster(folder: string): Promise<Cluster> {
  const home = join(folder, 'cluster')
  const data = join(home, 'data')
  const logFile = join(folder, 'postgres.log')
  const identity = chooseIdentity(existsSync(data) ? data : undefined)
  const native = await findNative(identity, logFile)
  if (!existsSync(home)) await createCluster(folder, home, native, identity, logFile)
  requireVersion(data)
  const secret = JSON.parse(readFileSync(join(home, 'secret.json'), 'utf8')) as Secret
  const { dev, ino } = statSync(data)
  return { data, identity, native, secret, name: `orrery-${dev}-${ino}`, logFile }
}

/**
 * Creates the cluster beside its final path and renames it when complete: a kill during the first start leaves a draft, which the next
 * start deletes.
 */
async function createCluster(folder: string, home: string, native: string, identity: Identity, logFile: string): Promise<void> {
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith(draftPrefix))) {
    // An `initdb` that outlived its server may be deleting the same files; rmSync stops silently if one of them is already gone.
    await rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 })
  }
  const draft = mkdtempSync(join(folder, draftPrefix))
  const secret: Secret = { adminPassword: newPassword(), password: newPassword() }
  await initialise(draft, native, secret.adminPassword, logFile)
  writeFileSync(join(draft, 'secret.json'), JSON.stringify(secret), { mode: 0o600 })
  if (identity) chownAll(identity, join(draft, 'data'))
  renameSync(draft, home)
}

/** Fills `<draft>/data`. The draft belongs to the identity that runs `initdb`, and to this process again afterwards. */
async function initialise(draft: string, native: string, password: string, logFile: string): Promise<void> {
  const identity = chooseInitIdentity()
  const passwordFile = join(draft, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (identity) {
    chownSync(draft, identity.uid, identity.gid)
    chownSync(passwordFile, identity.uid, identity.gid)
  }
  const seen = folderSeenBy(identity, draft)
  const { failed } = await runAs({
    program: join(native, 'bin', executable('initdb')),
    args: [...initOptions, '-U', superuser, '-D', `${seen}/data`, '--pwfile', `${seen}/password`],
    identity,
    folder: draft,
    logFile,
  })
  if (failed !== undefined) throw new Error(`PostgreSQL could not create its data folder (${failed}):\n${lastLines(logFile)}`)
  rmSync(passwordFile)
  if (identity) chownSync(draft, process.getuid?.() ?? 0, process.getgid?.() ?? 0)
}

// Passwords are required even on the socket. Texts sort by code point, the same on every machine, and no locale needs to be installed.
const initOptions = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']

function chownAll(identity: NonNullable<Identity>, folder: string): void {
  chownSync(folder, identity.uid, identity.gid)
  for (const entry of readdirSync(folder, { recursive: true })) lchownSync(join(folder, String(entry)), identity.uid, identity.gid)
}

function requireVersion(data: string): void {
  const found = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()
  if (found === MAJOR_VERSION) return
  throw new Error(
    `The data folder ${data} was created by PostgreSQL ${found}, but this version of Orrery includes ${MAJOR_VERSION}. Dump and restore it.`,
  )
}

const newPassword = (): string => randomBytes(24).toString('base64url')
