import { NO_ORG } from '../database/database.ts'
import type { SecretPlace } from '../secrets/seal-secret.ts'

/** Where the text of a mail is sealed. People have no organization, so neither have their mails. */
export const toMailPlace = (id: string): SecretPlace => ({ org: NO_ORG, row: `mail:${id}`, field: 'body' })
