/** `@orrery/sdk/testing`: runs workflows in virtual time, in any test runner, without a server. */
export * from '@orrery/engine/testing'
