import { z } from 'zod'
import { consentId } from '../ids.ts'
import { consent } from '../nouns/consent.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'

export const listConsents = defineOperation({
  name: 'consents.list',
  summary: 'List the programs that you allowed something',
  description: 'For a person who has logged in: what they allowed to programs that act for them (OAuth), in all their organizations.',
  input: z.strictObject(pageInput),
  output: page(consent),
  problems: ['login_required'],
  permission: 'any',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/consents' },
  rows: 'items',
})

export const withdrawConsent = defineOperation({
  name: 'consents.withdraw',
  summary: 'Withdraw what you allowed a program',
  description: 'For a person who has logged in. All tokens of the program for that organization end, in every process within five seconds.',
  input: z.strictObject({ consentId }),
  output: consent,
  problems: ['login_required', 'consent.not_found'],
  permission: 'any',
  effect: 'write',
  idempotent: false,
  audit: 'consent.withdrawn',
  http: { method: 'DELETE', path: '/consents/{consentId}' },
})
