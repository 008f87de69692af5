import { type OutsideAllow, readOutsideAllow } from '@orrery/kernel'
import { z } from 'zod'
import { durationSetting, isAddressOrRange, listSetting, senderSetting, switchSetting, urlWithPassword } from './setting-shapes.ts'

/** One setting. The table below is the only list of settings; a test checks `docs/guides/configuration.md` against it. */
export interface Setting {
  readonly env: string
  /** `--name value`, or `--name` alone for a switch. */
  readonly flag?: string
  readonly isSwitch?: boolean
  /** Parses the text, or `undefined` if the setting is absent. An empty text counts as absent. */
  readonly shape: z.ZodType
  /** What a valid value looks like; shown when a value is refused. */
  readonly expected: string
  /** The default in words, for the guide. */
  readonly default: string
  readonly help: string
  /** The value is never printed, not even when it is refused. */
  readonly secret?: boolean
}

const ROLES = ['api', 'worker', 'scheduler'] as const
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().int().min(least).max(most))
const text = z.string().min(1)
function readAllowed(value: string, refused: z.RefinementCtx): OutsideAllow {
  try {
    return readOutsideAllow(value)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    refused.addIssue({ code: 'custom', message: error.message })
    return z.NEVER
  }
}

// zod runs the refinement on text that failed the URL check too, so check first that it parses.
const origin = z.url({ protocol: /^https?$/ }).refine((value) => URL.canParse(value) && new URL(value).origin === value)

export const SETTINGS = {
  roles: {
    env: 'ORRERY_ROLES',
    flag: 'roles',
    shape: listSetting(z.enum(ROLES)).default([...ROLES]),
    expected: 'api, worker, scheduler, or several of them separated by commas',
    default: 'api,worker,scheduler',
    help: 'What this process does: answer requests, run workflows, fire schedules. Any number of processes may have each role.',
  },
  host: {
    env: 'ORRERY_HOST',
    flag: 'host',
    shape: text.regex(/^[\w.:-]+$/).default('127.0.0.1'),
    expected: 'an address of this machine such as 127.0.0.1, 0.0.0.0 or ::',
    default: '127.0.0.1',
    help: 'The address to listen on. Other machines can reach any address but a loopback one: put TLS in front of it.',
  },
  port: {
    env: 'PORT',
    flag: 'port',
    shape: wholeNumber(0, 65_535).default(8787),
    expected: 'a whole number from 0 to 65535; 0 picks a free port',
    default: '8787',
    help: 'The port of the HTTP server. 0 picks a free one and prints it.',
  },
  data: {
    env: 'ORRERY_DATA',
    flag: 'data',
    shape: text.default('.orrery'),
    expected: 'a path',
    default: '.orrery',
    help: 'The folder for the embedded PostgreSQL and for the keys of this installation.',
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    shape: urlWithPassword(/^postgres(ql)?$/).optional(),
    expected: 'a URL that begins with postgres:// or postgresql://, with %25 for a % in its password',
    default: 'the embedded PostgreSQL',
    help: 'An external PostgreSQL, version 15 or newer. At the first start, its login must be able to create roles.',
    secret: true,
  },
  redisUrl: {
    env: 'REDIS_URL',
    shape: urlWithPassword(/^rediss?$/).optional(),
    expected: 'a URL that begins with redis:// or rediss://, with %25 for a % in its password',
    default: 'none',
    help: 'A Redis that gets a copy of every event, in one stream for each organization.',
    secret: true,
  },
  redisPrefix: {
    env: 'ORRERY_REDIS_PREFIX',
    shape: text.max(200).default('orrery:events:'),
    expected: 'at most 200 characters',
    default: 'orrery:events:',
    help: 'The prefix of the stream names. The id of the organization follows it.',
  },
  redisLength: {
    env: 'ORRERY_REDIS_LENGTH',
    shape: wholeNumber(1_000, 100_000_000).default(100_000),
    expected: 'a whole number from 1000 to 100000000',
    default: '100000',
    help: 'Approximate number of entries kept in each stream. Redis drops older ones.',
  },
  smtpUrl: {
    env: 'ORRERY_SMTP_URL',
    shape: urlWithPassword(/^smtps?$/)
      .refine((value) => URL.canParse(value) && new URL(value).hostname !== '')
      .optional(),
    expected: 'a URL such as smtp://user:password@mail.example.com:587 or smtps://mail.example.com, with %25 for a % in its password',
    default: 'none: mails wait in a local mailbox',
    help: 'The mail server for invitations and login links. smtp:// uses STARTTLS, without which no password is sent; smtps:// is TLS from the start.',
    secret: true,
  },
  mailFrom: {
    env: 'ORRERY_MAIL_FROM',
    shape: senderSetting().optional(),
    expected: 'an address such as orrery@example.com or Orrery <orrery@example.com>',
    default: 'none; ORRERY_SMTP_URL needs it',
    help: 'The sender of mails.',
  },
  project: {
    env: 'ORRERY_PROJECT',
    flag: 'project',
    shape: text.optional(),
    expected: 'the path of a folder with workflows and steps',
    default: 'none',
    help: 'A project. The server deploys its workflows at the start and runs its steps.',
  },
  watch: {
    env: 'ORRERY_WATCH',
    flag: 'watch',
    shape: switchSetting().default(false),
    expected: 'true or false',
    default: 'false',
    help: 'Builds and deploys the project again when one of its files changes.',
    isSwitch: true,
  },
  newKey: {
    env: 'ORRERY_NEW_KEY',
    flag: 'new-key',
    shape: switchSetting().default(false),
    expected: 'true or false',
    default: 'false',
    help: 'Creates and prints another key with all permissions at this start, for when the first one was lost.',
    isSwitch: true,
  },
  auditKeyFile: {
    env: 'ORRERY_AUDIT_KEY_FILE',
    shape: text.optional(),
    expected: 'a path',
    default: '`audit-key.pem` in the data folder',
    help: 'The Ed25519 private key (PEM) that signs the audit log. Created at the first start. Servers that share a database share it.',
  },
  secretKeyFile: {
    env: 'ORRERY_SECRET_KEY_FILE',
    shape: text.optional(),
    expected: 'a path',
    default: '`secret-keys.txt` in the data folder',
    help: 'The keys that encrypt credentials of connections. Without them no connection works. Created at the first start. Servers of one database share them.',
  },
  tokenKeyFile: {
    env: 'ORRERY_TOKEN_KEY_FILE',
    shape: text.optional(),
    expected: 'a path',
    default: '`token-key.pem` in the data folder',
    help: 'The Ed25519 key (PEM) that signs tokens. Created at the first start. Servers that share a database share it. A new key ends all token families.',
  },
  retentionDays: {
    env: 'ORRERY_RETENTION_DAYS',
    shape: wholeNumber(7, 36_500).optional(),
    expected: 'a whole number of days from 7 to 36500',
    default: 'forever',
    help: 'How long finished runs, their history and events are kept, rounded up to whole weeks. Organizations may keep theirs for a shorter time.',
  },
  publicUrl: {
    env: 'ORRERY_PUBLIC_URL',
    shape: origin.optional(),
    expected: 'scheme, host and port without a path, such as https://orrery.example.com',
    default: 'the address it listens on',
    help: 'The address at which clients reach this server, if there is a proxy in front of it.',
  },
  allowedHosts: {
    env: 'ORRERY_ALLOWED_HOSTS',
    shape: listSetting(text.regex(/^[\w.-]+$/)).default([]),
    expected: 'host names separated by commas, without ports',
    default: 'none',
    help: 'Names accepted in the Host header besides localhost, IP addresses and the host of ORRERY_PUBLIC_URL (against DNS rebinding).',
  },
  trustedProxies: {
    env: 'ORRERY_TRUSTED_PROXIES',
    shape: listSetting(text.refine(isAddressOrRange)).default(['127.0.0.0/8', '::1']),
    expected: 'addresses or ranges separated by commas, such as 10.0.0.7 or 10.0.0.0/8',
    default: '127.0.0.0/8,::1',
    help: 'Proxies whose X-Forwarded-For names the client. Unknown keys and webhook addresses are limited by the address of the client.',
  },
  corsOrigins: {
    env: 'ORRERY_CORS_ORIGINS',
    shape: listSetting(origin).default([]),
    expected: 'origins such as https://app.example.com, separated by commas',
    default: 'none',
    help: 'Web pages of these origins may call the API from a browser. Cookies are never accepted.',
  },
  githubClientId: {
    env: 'ORRERY_GITHUB_CLIENT_ID',
    shape: text.max(200).optional(),
    expected: 'the client id of an OAuth app',
    default: 'none',
    help: 'People may connect their GitHub account, and log in with it then. Callback URL of the OAuth app: <public URL>/auth/callback/github.',
  },
  githubClientSecret: {
    env: 'ORRERY_GITHUB_CLIENT_SECRET',
    shape: text.max(1000).optional(),
    expected: 'the client secret of the OAuth app',
    default: 'none',
    help: 'Belongs to ORRERY_GITHUB_CLIENT_ID.',
    secret: true,
  },
  githubUrl: {
    env: 'ORRERY_GITHUB_URL',
    shape: origin.default('https://github.com'),
    expected: 'scheme, host and port without a path, such as https://github.example.com',
    default: 'https://github.com',
    help: 'A GitHub Enterprise server instead of github.com.',
  },
  oidcIssuer: {
    env: 'ORRERY_OIDC_ISSUER',
    shape: z.url({ protocol: /^https?$/ }).optional(),
    expected: 'a URL such as https://login.example.com/realms/main',
    default: 'none',
    help: 'An OpenID provider by which people log in (single sign-on), if they were invited. Redirect URI: <public URL>/auth/callback/oidc.',
  },
  oidcClientId: {
    env: 'ORRERY_OIDC_CLIENT_ID',
    shape: text.max(500).optional(),
    expected: 'the client id at the OpenID provider',
    default: 'none',
    help: 'Belongs to ORRERY_OIDC_ISSUER.',
  },
  oidcClientSecret: {
    env: 'ORRERY_OIDC_CLIENT_SECRET',
    shape: text.max(1000).optional(),
    expected: 'the client secret at the OpenID provider',
    default: 'none: a public client with PKCE',
    help: 'Belongs to ORRERY_OIDC_ISSUER.',
    secret: true,
  },
  oidcName: {
    env: 'ORRERY_OIDC_NAME',
    shape: text.max(60).default('single sign-on'),
    expected: 'at most 60 characters',
    default: 'single sign-on',
    help: 'How the login page names the OpenID provider.',
  },
  outsideAllow: {
    env: 'ORRERY_OUTSIDE_ALLOW',
    shape: text.transform(readAllowed).default([]),
    expected: 'names, addresses or ranges separated by commas, such as 127.0.0.1, api.internal:8080 or 10.0.0.0/8',
    default: 'none',
    help: 'What tools and feeds may reach on this machine and in private networks. The public internet is allowed, everything else blocked.',
  },
  mcpStdio: {
    env: 'ORRERY_MCP_STDIO',
    shape: switchSetting().default(false),
    expected: 'true or false',
    default: 'false',
    help: 'Lets connections of type mcp_stdio start programs here. Any key that may create connections can then run commands as the server.',
  },
  maxBodyBytes: {
    env: 'ORRERY_MAX_BODY_BYTES',
    shape: wholeNumber(1024, 256 * 1024 * 1024).default(1024 * 1024),
    expected: 'a whole number of bytes from 1024 to 268435456',
    default: '1048576',
    help: 'The largest request body accepted. The answer to a larger one is 413.',
  },
  requestsPerSecond: {
    env: 'ORRERY_REQUESTS_PER_SECOND',
    shape: wholeNumber(1, 1_000_000).default(1000),
    expected: 'a whole number from 1 to 1000000',
    default: '1000',
    help: 'How many requests per second one key may send to this process; bursts may be twice as large. The answer to more is 429.',
  },
  metrics: {
    env: 'ORRERY_METRICS',
    shape: z.enum(['local', 'key', 'off']).default('local'),
    expected: 'local, key or off',
    default: 'local',
    help: 'Who may read /metrics. local: programs on this machine, others with a key. key: only with a key. The key needs `orgs:admin`.',
  },
  logLevel: {
    env: 'ORRERY_LOG_LEVEL',
    shape: z.enum(LOG_LEVELS).default('info'),
    expected: LOG_LEVELS.join(', '),
    default: 'info',
    help: 'The lowest level that is logged.',
  },
  logFormat: {
    env: 'ORRERY_LOG_FORMAT',
    shape: z.enum(['json', 'pretty']).optional(),
    expected: 'json or pretty',
    default: 'pretty on a terminal, else json',
    help: 'The format of log lines.',
  },
  queues: {
    env: 'ORRERY_QUEUES',
    flag: 'queues',
    shape: listSetting(text).optional(),
    expected: 'names of queues separated by commas',
    default: 'the queue `default`',
    help: 'The queues from which the worker takes runs.',
  },
  slots: {
    env: 'ORRERY_SLOTS',
    flag: 'slots',
    shape: wholeNumber(1, 100_000).optional(),
    expected: 'a whole number from 1 to 100000',
    default: '500',
    help: 'How many runs the worker executes at once. Waiting runs do not count.',
  },
  sandbox: {
    env: 'ORRERY_SANDBOX',
    shape: z.enum(['process', 'shared']).default('process'),
    expected: 'process or shared',
    default: 'process',
    help: 'Where workflow code runs. process: one for each organization. shared: in the server, for one organization that trusts its own code.',
  },
  sandboxMemory: {
    env: 'ORRERY_SANDBOX_MEMORY',
    shape: wholeNumber(64, 65_536).default(512),
    expected: 'a whole number of megabytes from 64 to 65536',
    default: '512',
    help: 'MB of memory for the workflow code of one organization. A process that uses more is ended, and its runs continue in a new one.',
  },
  sandboxProcesses: {
    env: 'ORRERY_SANDBOX_PROCESSES',
    shape: wholeNumber(1, 10_000).default(50),
    expected: 'a whole number from 1 to 10000',
    default: '50',
    help: 'How many organizations keep the process of their workflow code (about 100 MB) when no run is in work. Those with runs in work have one anyway.',
  },
  drainMs: {
    env: 'ORRERY_DRAIN',
    shape: durationSetting().optional(),
    expected: 'a duration such as 5s or PT5S',
    default: '5s; 0s on a loopback address',
    help: 'How long a server that stops still answers requests while /health says 503, so that load balancers notice. Longer than two of their checks.',
  },
  stopGraceMs: {
    env: 'ORRERY_STOP_GRACE',
    shape: durationSetting().default(10_000),
    expected: 'a duration such as 10s, 1m30s or PT10S',
    default: '10s',
    help: 'How long a stop waits for requests and step bodies that are in progress.',
  },
} as const satisfies Record<string, Setting>
