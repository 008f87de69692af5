/** What is done to two servers and their database. Each nemesis ends by itself and leaves nothing behind. */
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { Server, World } from './world.ts'

export interface Nemesis {
  readonly name: string
  /** What `/health` of each server must say meanwhile: that something is wrong, or anything. */
  readonly isSick: readonly [boolean, boolean]
  /** @param scale 1 in the size for every change */
  inflict(world: World, scale: number): Promise<void>
}

const SECOND_MS = 1000
/** The product's own default is 5 s, and beats ask for more when they come late. */
const LONGER_THAN_A_LEASE_MS = 10_000

/** A server with nothing to spoil it, for comparison. */
const nothing: Nemesis = {
  name: 'only the clocks are wrong',
  isSick: [false, false],
  inflict: (_, scale) => pause(3 * SECOND_MS * scale),
}

const resets: Nemesis = {
  name: 'connections are reset in the middle of queries',
  isSick: [false, false],
  async inflict({ servers }, scale) {
    for (let round = 0; round < 10 * scale; round++) {
      const server = servers[round % 2]
      if (round % 3 === 0) server?.network.reset()
      else server?.network.resetNext()
      await pause(300)
    }
  },
}

const commits: Nemesis = {
  name: 'connections break before and after a commit',
  isSick: [false, false],
  async inflict({ servers }, scale) {
    for (let round = 0; round < 10 * scale; round++) {
      for (const { network } of servers) network.breakNextCommit(round % 2 === 0 ? 'before' : 'after')
      await pause(200)
    }
  },
}

/** The other server has a slow network meanwhile. */
const silence: Nemesis = {
  name: 'all connections of one server go silent forever, the network of the other is slow',
  isSick: [true, false],
  async inflict({ servers: [first, second] }) {
    first.network.silence()
    second.network.set({ delayMs: [20, 120] })
    await pause(6 * SECOND_MS)
    second.network.set({ pieceBytes: 100 })
    await pause(6 * SECOND_MS)
    second.network.set('pass')
  },
}

const during = (network: 'hang' | 'refuse', name: string, seconds: number, at: 0 | 1): Nemesis => ({
  name,
  isSick: at === 0 ? [true, false] : [false, true],
  async inflict({ servers }, scale) {
    const server: Server = servers[at]
    server.network.set(network)
    await pause(seconds * SECOND_MS * scale)
    server.network.set('pass')
  },
})

const stopped: Nemesis = {
  name: 'PostgreSQL is stopped for 10 s',
  isSick: [true, true],
  async inflict({ stopPostgres }) {
    const resume = stopPostgres()
    await pause(LONGER_THAN_A_LEASE_MS)
    resume()
  },
}

/** Takes each connection that becomes free. Those of the superuser are reserved by PostgreSQL and stay. */
const connections: Nemesis = {
  name: 'no connection to PostgreSQL is left',
  isSick: [true, true],
  async inflict({ admin, adminUrl }, scale) {
    const hogs: pg.Client[] = []
    const hog = async (): Promise<boolean> => {
      const client = new pg.Client({ connectionString: adminUrl })
      client.on('error', () => undefined)
      const isTaken = await client.connect().then(
        () => true,
        () => false,
      )
      if (isTaken) hogs.push(client)
      return isTaken
    }
    const end = performance.now() + 4 * SECOND_MS * scale
    const mine = await admin.connect()
    try {
      while (performance.now() < end) {
        await mine.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'orrery' and backend_type = 'client backend'`,
        )
        while (await hog());
        await pause(50)
      }
    } finally {
      mine.release()
      await Promise.all(hogs.map((client) => client.end()))
    }
  },
}

const fullDisk: Nemesis = {
  name: 'the disk is full',
  isSick: [true, true],
  async inflict({ disk }, scale) {
    disk?.fill()
    await pause(4 * SECOND_MS * scale)
    disk?.free()
  },
}

export const NEMESES: readonly Nemesis[] = [
  nothing,
  resets,
  commits,
  during('hang', 'one server is cut off', 8, 1),
  stopped,
  fullDisk,
  connections,
  silence,
  during('refuse', 'one server is refused', 3, 0),
]
