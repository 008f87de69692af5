import type { KeyObject } from 'node:crypto'
import { FORGET_FAMILIES_BATCH, forgetTokenFamilies } from './access/forget-token-families.ts'
import { SEAL_BATCH, sealAudit } from './audit/seal-audit.ts'
import { type BackgroundPart, sweepInBatches } from './background/background-part.ts'
import { forgetOAuthTokens } from './consents/forget-tokens.ts'
import type { Kernel } from './context/kernel.ts'
import { FORGET_ANSWERS_BATCH, forgetAnswers } from './idempotency/forget-answers.ts'
import { forgetLogins } from './logins/forget-logins.ts'
import { endMails } from './mail/end-mails.ts'
import { MAIL_EVERY_MS, sendMails } from './mail/send-mails.ts'
import { doErasure } from './personal-data/do-erasure.ts'
import { sweepRetention } from './retention/sweep-retention.ts'

/** How long an audit entry may stay unsealed, and how long a growing chain may stay unsigned. */
const SEAL_EVERY_MS = 10_000
const SIGN_EVERY_MS = 60_000
/** Each time removes all that has ended. */
const FORGET_EVERY_MS = 3_600_000
const END_MAILS_EVERY_MS = 60_000
/** How soon a new erasure begins. */
const ERASE_EVERY_MS = 5000
const RETAIN_EVERY_MS = 30_000

/** The kernel's background work. @param signer signs the checkpoints of the audit log */
export function createKernelPart(kernel: Kernel, signer: KeyObject): BackgroundPart {
  const { database, clock, outbox } = kernel
  const seal = async () => (await sealAudit(database, { signer, now: clock.now(), signEveryMs: SIGN_EVERY_MS })) >= SEAL_BATCH
  return {
    sweeps: [
      { name: 'mail', everyMs: MAIL_EVERY_MS, sweep: () => sendMails(kernel), onHint: outbox.onHint },
      { name: 'ended mails', everyMs: END_MAILS_EVERY_MS, sweep: () => endMails(kernel) },
      { name: 'audit log', everyMs: SEAL_EVERY_MS, sweep: seal },
      { name: 'erasures', everyMs: ERASE_EVERY_MS, sweep: () => doErasure(kernel) },
      { name: 'retention', everyMs: RETAIN_EVERY_MS, sweep: () => sweepRetention(kernel) },
      sweepInBatches('idempotency keys', FORGET_ANSWERS_BATCH, () => forgetAnswers(database, clock.now())),
      { name: 'tokens of OAuth', everyMs: FORGET_EVERY_MS, sweep: () => forgetOAuthTokens(database, clock.now()) },
      { name: 'logins', everyMs: FORGET_EVERY_MS, sweep: () => forgetLogins(kernel) },
      sweepInBatches('token families', FORGET_FAMILIES_BATCH, () => forgetTokenFamilies(database, clock.now())),
    ],
  }
}
