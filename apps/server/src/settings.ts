import { type OutsideAllow, readOutsideAllow } from '@orrery/kernel'
import { z } from 'zod'
import { durationSetting, listSetting, switchSetting, urlWithPassword } from './setting-shapes.ts'

/** One thing that can be set. The table below is the only list of them; `docs/guides/configuration.md` is checked against it. */
export interface Setting {
  readonly env: string
  /** `--name value`, or `--name` alone for a switch. */
  readonly flag?: string
  readonly isSwitch?: boolean
  /** Gets text, or `undefined` if it is not set; an empty text counts as not set. */
  readonly shape: z.ZodType
  /** What a right value looks like; shown when one is refused. */
  readonly expected: string
  /** In words, for the guide. */
  readonly default: string
  readonly help: string
  /** Its value is never printed, nor what was refused. */
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

// Also asked about what is no URL at all.
const origin = z.url({ protocol: /^https?$/ }).refine((value) => URL.canParse(value) && new URL(value).origin === value)

export const SETTINGS = {
  roles: {
    env: 'ORRERY_ROLES',
    flag: 'roles',
    shape: listSetting(z.enum(ROLES)).default([...ROLES]),
    expected: 'api, worker, scheduler, or several with commas between them',
    default: 'api,worker,scheduler',
    help: 'What this process does: answer requests, run workflows, fire schedules. Of each there may be any number of processes.',
  },
  host: {
    env: 'ORRERY_HOST',
    flag: 'host',
    shape: text.regex(/^[\w.:-]+$/).default('127.0.0.1'),
    expected: 'an address of this machine such as 127.0.0.1, 0.0.0.0 or ::',
    default: '127.0.0.1',
    help: 'The address to listen on. Anything but a loopback address is reachable from other machines: put TLS in front of it.',
  },
  port: {
    env: 'PORT',
    flag: 'port',
    shape: wholeNumber(0, 65_535).default(8787),
    expected: 'a whole number from 0 to 65535; 0 takes a free port',
    default: '8787',
    help: 'The port for every face. 0 takes a free one and prints it.',
  },
  data: {
    env: 'ORRERY_DATA',
    flag: 'data',
    shape: text.default('.orrery'),
    expected: 'a path',
    default: '.orrery',
    help: 'The folder of the embedded PostgreSQL and of what this installation keeps.',
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    shape: urlWithPassword(/^postgres(ql)?$/).optional(),
    expected: 'a URL that begins with postgres:// or postgresql://, with %25 for a % in its password',
    default: 'the embedded PostgreSQL',
    help: 'An external PostgreSQL, version 15 or newer. Its login must be able to create roles at the first start.',
    secret: true,
  },
  redisUrl: {
    env: 'REDIS_URL',
    shape: urlWithPassword(/^rediss?$/).optional(),
    expected: 'a URL that begins with redis:// or rediss://, with %25 for a % in its password',
    default: 'none',
    help: 'A Redis to which every event is added: a stream for each organization.',
    secret: true,
  },
  redisPrefix: {
    env: 'ORRERY_REDIS_PREFIX',
    shape: text.max(200).default('orrery:events:'),
    expected: 'at most 200 characters',
    default: 'orrery:events:',
    help: 'What the names of the streams begin with; the id of the organization follows.',
  },
  redisLength: {
    env: 'ORRERY_REDIS_LENGTH',
    shape: wholeNumber(1_000, 100_000_000).default(100_000),
    expected: 'a whole number from 1000 to 100000000',
    default: '100000',
    help: 'About so many entries are kept in each stream; older ones are dropped by Redis.',
  },
  project: {
    env: 'ORRERY_PROJECT',
    flag: 'project',
    shape: text.optional(),
    expected: 'the path of a folder with workflows and steps',
    default: 'none',
    help: 'A project whose workflows are deployed at the start and whose steps this process runs.',
  },
  watch: {
    env: 'ORRERY_WATCH',
    flag: 'watch',
    shape: switchSetting().default(false),
    expected: 'true or false',
    default: 'false',
    help: 'With a project: build and deploy again when one of its files changes.',
    isSwitch: true,
  },
  newKey: {
    env: 'ORRERY_NEW_KEY',
    flag: 'new-key',
    shape: switchSetting().default(false),
    expected: 'true or false',
    default: 'false',
    help: 'Make another key with all rights at this start and print it, if the first one was lost.',
    isSwitch: true,
  },
  auditKeyFile: {
    env: 'ORRERY_AUDIT_KEY_FILE',
    shape: text.optional(),
    expected: 'a path',
    default: '`audit-key.pem` in the data folder',
    help: 'The Ed25519 private key (PEM) that signs the audit log. Made at the first start; servers of one database share one.',
  },
  secretKeyFile: {
    env: 'ORRERY_SECRET_KEY_FILE',
    shape: text.optional(),
    expected: 'a path',
    default: '`secret-keys.txt` in the data folder',
    help: 'The keys that seal the credentials of connections. Made at the first start; servers of one database share one. Without it they cannot be opened.',
  },
  tokenKeyFile: {
    env: 'ORRERY_TOKEN_KEY_FILE',
    shape: text.optional(),
    expected: 'a path',
    default: '`token-key.pem` in the data folder',
    help: 'The Ed25519 key (PEM) that signs tokens. Made at the first start; servers of one database share one. A new key ends all token families.',
  },
  retentionDays: {
    env: 'ORRERY_RETENTION_DAYS',
    shape: wholeNumber(7, 36_500).optional(),
    expected: 'a whole number of days from 7 to 36500',
    default: 'for ever',
    help: 'How long ended runs and their history are kept, in whole weeks.',
  },
  publicUrl: {
    env: 'ORRERY_PUBLIC_URL',
    shape: origin.optional(),
    expected: 'scheme, host and port without a path, such as https://orrery.example.com',
    default: 'the address it listens on',
    help: 'The address under which people and programs reach this server, if a proxy stands in front of it.',
  },
  allowedHosts: {
    env: 'ORRERY_ALLOWED_HOSTS',
    shape: listSetting(text.regex(/^[\w.-]+$/)).default([]),
    expected: 'host names with commas between them, without ports',
    default: 'none',
    help: 'Names accepted in the Host header beside localhost, IP addresses and the host of ORRERY_PUBLIC_URL (against DNS rebinding).',
  },
  corsOrigins: {
    env: 'ORRERY_CORS_ORIGINS',
    shape: listSetting(origin).default([]),
    expected: 'origins such as https://app.example.com with commas between them',
    default: 'none',
    help: 'Web pages of these origins may call the API from a browser. Cookies are never accepted from them.',
  },
  outsideAllow: {
    env: 'ORRERY_OUTSIDE_ALLOW',
    shape: text.transform(readAllowed).default([]),
    expected: 'names, addresses or ranges with commas between them, such as 127.0.0.1, api.internal:8080 or 10.0.0.0/8',
    default: 'none',
    help: 'What tools and feeds may reach on this machine and in private networks. The public internet is open, everything else closed.',
  },
  mcpStdio: {
    env: 'ORRERY_MCP_STDIO',
    shape: switchSetting().default(false),
    expected: 'true or false',
    default: 'false',
    help: 'Let connections of type mcp_stdio start programs here. Who may make connections, in any organization, then runs commands as the server.',
  },
  maxBodyBytes: {
    env: 'ORRERY_MAX_BODY_BYTES',
    shape: wholeNumber(1024, 256 * 1024 * 1024).default(1024 * 1024),
    expected: 'a whole number of bytes from 1024 to 268435456',
    default: '1048576',
    help: 'The largest request body accepted; a larger one is answered with 413.',
  },
  requestsPerSecond: {
    env: 'ORRERY_REQUESTS_PER_SECOND',
    shape: wholeNumber(1, 1_000_000).default(1000),
    expected: 'a whole number from 1 to 1000000',
    default: '1000',
    help: 'How many requests a second one key may send to this process; twice as many at once. More are answered with 429.',
  },
  metrics: {
    env: 'ORRERY_METRICS',
    shape: z.enum(['local', 'key', 'off']).default('local'),
    expected: 'local, key or off',
    default: 'local',
    help: 'Who may read /metrics. local: programs on this machine, others with a key. key: only with one. It needs the scope `orgs:admin`.',
  },
  logLevel: {
    env: 'ORRERY_LOG_LEVEL',
    shape: z.enum(LOG_LEVELS).default('info'),
    expected: LOG_LEVELS.join(', '),
    default: 'info',
    help: 'The least important lines that are logged.',
  },
  logFormat: {
    env: 'ORRERY_LOG_FORMAT',
    shape: z.enum(['json', 'pretty']).optional(),
    expected: 'json or pretty',
    default: 'pretty on a terminal, else json',
    help: 'How log lines look.',
  },
  queues: {
    env: 'ORRERY_QUEUES',
    flag: 'queues',
    shape: listSetting(text).optional(),
    expected: 'names of queues with commas between them',
    default: 'all that the engine serves by default',
    help: 'Which queues the worker takes runs from.',
  },
  slots: {
    env: 'ORRERY_SLOTS',
    flag: 'slots',
    shape: wholeNumber(1, 100_000).optional(),
    expected: 'a whole number from 1 to 100000',
    default: "the engine's own",
    help: 'How many runs the worker has in hand at once. Runs that wait do not count.',
  },
  stopGraceMs: {
    env: 'ORRERY_STOP_GRACE',
    shape: durationSetting().default(10_000),
    expected: 'a duration such as 10s, 1m30s or PT10S',
    default: '10s',
    help: 'How long a stop waits for requests and step bodies in progress.',
  },
} as const satisfies Record<string, Setting>
