import { ProblemError } from '@orrery/contract'
import { BuildError } from '@orrery/engine/bundle'
import { MigrationRefused, RoleRefused, ServerTooOld } from '@orrery/engine/postgres'
import { SecretError } from '@orrery/kernel'
import { readDatabaseAddress } from './database-address.ts'

/**
 * The start failed for a reason that the operator can remove. The message names the fault, the setting it concerns and
 * what to do. The stack is not shown.
 */
export class CannotStart extends Error {
  override readonly name = 'CannotStart'
  /** More lines for the log: the build errors of a project. */
  readonly detail: string | undefined

  constructor(sentence: string, options?: ErrorOptions & { readonly detail?: string }) {
    super(sentence, options)
    this.detail = options?.detail
  }
}

/** Does one part of the start. Replaces an error that `explain` knows by a `CannotStart`; rethrows any other (`explain` returns null). */
export async function orExplain<T>(work: () => Promise<T> | T, explain: (error: unknown) => string | null): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const sentence = explain(cause)
    if (sentence === null) throw cause
    throw new CannotStart(sentence, { cause, ...(cause instanceof BuildError ? { detail: cause.message } : {}) })
  }
}

/** Why the database of DATABASE_URL cannot be used. No message contains its password. */
export function explainDatabase(error: unknown, url: string): string | null {
  const { at, login, name } = readDatabaseAddress(url)
  const { code, message } = describe(error)
  if (error instanceof ServerTooOld) return `${message}: update the server at ${at}, or correct DATABASE_URL.`
  if (error instanceof MigrationRefused) return `The database "${name}" at ${at} (DATABASE_URL) cannot be migrated: ${message}.`
  if (error instanceof RoleRefused) return `${message.replace('<login>', `"${login}"`)}, or correct DATABASE_URL.`
  switch (code) {
    case 'ECONNREFUSED':
      return `Nothing listens at ${at}: start PostgreSQL there, or correct DATABASE_URL.`
    case 'ENOENT':
      return `There is no PostgreSQL socket at ${at}: start PostgreSQL, or correct DATABASE_URL.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host ${new URL(url).hostname} cannot be resolved: correct DATABASE_URL.`
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return noAnswer(at)
    case '28P01':
      return `The server at ${at} rejected the password of "${login}": correct it in DATABASE_URL.`
    case '28000':
      return `The server at ${at} rejected the login "${login}" (${message}): correct DATABASE_URL, or the server's pg_hba.conf.`
    case '3D000':
      return `There is no database "${name}" at ${at}: create it, or correct DATABASE_URL.`
    case '42501':
      return `The login "${login}" of DATABASE_URL lacks a privilege (${message}): it must own the database and be able to create roles.`
    case '53300':
      return `The server at ${at} (DATABASE_URL) has no free connection (${message}): raise its max_connections, or stop other clients.`
    case '57P03':
      return `The server at ${at} (DATABASE_URL) does not accept connections yet (${message}): try again in a moment.`
  }
  if (message.startsWith('SASL: ') && message.includes('password')) {
    return `The server at ${at} requires a password for "${login}": add it to DATABASE_URL.`
  }
  if (/^(Connection terminated due to connection timeout|timeout expired)/.test(message)) return noAnswer(at)
  if (message.includes('SSL') || /CERT|SIGNATURE|TLS/.test(code)) {
    return `There is no TLS connection to ${at} (${message}): correct sslmode in DATABASE_URL, or the server's certificate.`
  }
  return null
}

/** New events would get lower transaction ids than restored ones, and readers that are already past those ids would miss them. */
export function explainGap(gap: number, url: string): string {
  const { at, name } = readDatabaseAddress(url)
  const remedy = 'use up that many transaction ids before the start, as described under "Restore" in the guide "Operate a server"'
  return `The cluster at ${at} is ${gap} transactions behind the events of the restored database "${name}": ${remedy}.`
}

function noAnswer(at: string): string {
  return `No answer from ${at}: check for a firewall in between, or correct DATABASE_URL.`
}

/**
 * Why the data folder or the PostgreSQL in it cannot be used. Errors that the supervisor itself throws (without a code) are
 * readable as they are.
 */
export function explainData(error: unknown, folder: string): string | null {
  const { code, message } = describe(error)
  if (error instanceof Error && error.name === 'FolderInUse') return `${message.replace(/\.$/, '')} with ORRERY_DATA (--data).`
  if (/^E[A-Z]+$/.test(code)) {
    return `The data folder ${folder} cannot be used (${message}): set ORRERY_DATA (--data) to a folder that this user can write to.`
  }
  return code === '' && message !== '' ? message : null
}

/** Why the embedded database cannot be migrated. */
export function explainOwnDatabase(error: unknown, folder: string): string | null {
  if (!(error instanceof MigrationRefused)) return null
  return `The database in ${folder} (ORRERY_DATA, --data) cannot be migrated: ${error.message}.`
}

export function explainListen(error: unknown, host: string, port: number): string | null {
  switch (describe(error).code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use by another program: stop it, or set PORT (--port) to another port; 0 picks a free one.`
    case 'EACCES':
      return `This user may not listen on port ${port}: set PORT (--port) to 1024 or more.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is not an address of this machine: correct ORRERY_HOST (--host).`
    default:
      return null
  }
}

export function explainProject(error: unknown, folder: string): string | null {
  if (error instanceof BuildError) return `The project ${folder} (ORRERY_PROJECT, --project) does not build.`
  if (error instanceof Error && error.cause instanceof ProblemError) {
    return `The project ${folder} (ORRERY_PROJECT, --project) cannot be deployed: ${error.message}`
  }
  return null
}

/** Why the file with the signing key of the audit log, or of tokens, cannot be used. `setting` is the variable that names the file. */
export function explainSigningKey(error: unknown, file: string, setting: string): string {
  const { code, message } = describe(error)
  if (/^E[A-Z]+$/.test(code)) return `The file ${file} cannot be used (${message}): correct ${setting}.`
  return `${file} does not contain an Ed25519 private key in PEM format: correct ${setting}, or delete the file to get a new key.`
}

/** Does not advise to delete the file: with a new one, no existing connection could be opened. */
export function explainSecretKeys(error: unknown, file: string): string | null {
  const { code, message } = describe(error)
  if (/^E[A-Z]+$/.test(code)) return `The file ${file} cannot be used (${message}): correct ORRERY_SECRET_KEY_FILE.`
  return error instanceof SecretError ? `${message} (${file}): correct the file or ORRERY_SECRET_KEY_FILE.` : null
}

function describe(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: '', message: String(error) }
  return { code: 'code' in error && typeof error.code === 'string' ? error.code : '', message: error.message }
}
