import type { Login, Logins } from '@orrery/kernel'
import type pg from 'pg'
import { readLoginToken } from './login-secret.ts'
import { selectLogin } from './login-store.ts'

/** Finds logins by what a browser keeps of them, in one query. @param people sees the schema `auth` alone */
export function createLogins(people: pg.Pool, secret: string): Logins {
  return {
    isLogin: (signed) => readLoginToken(secret, signed) !== null,
    async find(signed): Promise<Login | null> {
      const token = readLoginToken(secret, signed)
      const row = token === null ? undefined : await selectLogin(people, token)
      if (row === undefined) return null
      return {
        id: row.id,
        person: row.person_id,
        org: row.last_org,
        administersInstallation: row.administers_installation,
        provedAt: row.proved_at.getTime(),
        expiresAt: row.expires_at.getTime(),
      }
    },
  }
}
