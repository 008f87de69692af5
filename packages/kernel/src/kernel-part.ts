import type { KeyObject } from 'node:crypto'
import { FORGET_FAMILIES_BATCH, forgetTokenFamilies } from './access/forget-token-families.ts'
import { SEAL_BATCH, sealAudit } from './audit/seal-audit.ts'
import { type BackgroundPart, sweepInBatches } from './background/background-part.ts'
import { forgetOAuthTokens } from './consents/forget-tokens.ts'
import type { Kernel } from './context/kernel.ts'
import { FORGET_ANSWERS_BATCH, forgetAnswers } from './idempotency/forget-answers.ts'
import { sendMails } from './mail/send-mails.ts'
import { doErasure } from './personal-data/do-erasure.ts'
import { sweepRetention } from './retention/sweep-retention.ts'

/** How long an audit entry may stay unsealed, and how long a growing chain may stay unsigned. */
const SEAL_EVERY_MS = 10_000
const SIGN_EVERY_MS = 60_000
/** Each time deletes all of them. */
const FORGET_OAUTH_EVERY_MS = 3_600_000

/** How long a mail without a hint waits for its next attempt, beyond the pause between attempts. */
const MAIL_EVERY_MS = 2000
/** How soon a new erasure begins. */
const ERASE_EVERY_MS = 2000
const RETAIN_EVERY_MS = 30_000

/** The kernel's background work. @param signer signs the checkpoints of the audit log */
export function createKernelPart(kernel: Kernel, signer: KeyObject): BackgroundPart {
  const { database, clock, outbox } = kernel
  const seal = async () => (await sealAudit(database, { signer, now: clock.now(), signEveryMs: SIGN_EVERY_MS })) >= SEAL_BATCH
  return {
    sweeps: [
      { name: 'mail', everyMs: MAIL_EVERY_MS, sweep: () => sendMails(kernel), onHint: outbox.onHint },
      { name: 'audit log', everyMs: SEAL_EVERY_MS, sweep: seal },
      { name: 'erasures', everyMs: ERASE_EVERY_MS, sweep: () => doErasure(kernel) },
      { name: 'retention', everyMs: RETAIN_EVERY_MS, sweep: () => sweepRetention(kernel) },
      sweepInBatches('idempotency keys', FORGET_ANSWERS_BATCH, () => forgetAnswers(database, clock.now())),
      {
        name: 'tokens of OAuth',
        everyMs: FORGET_OAUTH_EVERY_MS,
        sweep: async () => {
          await forgetOAuthTokens(database, clock.now())
          return false
        },
      },
      sweepInBatches('token families', FORGET_FAMILIES_BATCH, () => forgetTokenFamilies(database, clock.now())),
    ],
  }
}
