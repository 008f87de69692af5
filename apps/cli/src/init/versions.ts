/** What a new app is given beside Orrery's own packages: the versions that this repository itself is tested with. */
export const APP_VERSIONS = {
  zod: '4.6.7',
  node: '24.21.0',
  typescript: '6.0.3',
  vitest: '5.1.1',
  '@types/node': '24.19.2',
} as const
