import { compare } from 'bcryptjs'
import { Registry } from 'prom-client'
import type { Child, Env, SpawnOptions } from './env.ts'
import type { Log, LogFields } from './log.ts'
import { VirtualClock } from './virtual/clock.ts'
import { VirtualDns } from './virtual/dns.ts'
import { VirtualFileSystem } from './virtual/file-system.ts'
import { Life } from './virtual/life.ts'
import { VirtualNetwork } from './virtual/network.ts'
import { seededRandom } from './virtual/random.ts'
import { VirtualThreads } from './virtual/threads.ts'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields
}

export interface VirtualEnv extends Env {
  readonly clock: VirtualClock
  readonly fs: VirtualFileSystem
  readonly network: VirtualNetwork
  readonly dns: VirtualDns
  /** What was logged, oldest first. */
  readonly lines: LogLine[]
}

export interface VirtualEnvOptions {
  readonly seed?: number
  /** Unix ms. Default 2026-01-01. */
  readonly startTime?: number
  /** What a spawned process is; without it spawning is an error. */
  readonly spawn?: (options: SpawnOptions) => Child
}

/** The Env of tests and simulation: clock, chance, disk and network in memory, all following from one seed. */
export function virtualEnv(options: VirtualEnvOptions = {}): VirtualEnv {
  const clock = new VirtualClock(options.startTime ?? 1_767_225_600_000)
  const random = seededRandom(options.seed ?? 1)
  const network = new VirtualNetwork(clock, seededRandom((options.seed ?? 1) ^ NETWORK_SEED))
  const lines: LogLine[] = []
  const fs = new VirtualFileSystem(random, () => clock.now())
  const log = memoryLog(lines, {})
  return {
    clock,
    random,
    fs,
    network,
    tcp: network.tcp,
    udp: network.udp,
    http: network.http,
    passwords: { matchesBcrypt: compare },
    dns: new VirtualDns(),
    spawn: {
      start(spawnOptions) {
        if (options.spawn === undefined) throw new Error(`spawn ${spawnOptions.command}: this environment has no processes`)
        return options.spawn(spawnOptions)
      },
    },
    threads: new VirtualThreads({ clock, random, fs, log }),
    log,
    metrics: new Registry(),
    lines,
  }
}

/** The network's chance is its own, so that what it does changes nothing else. */
const NETWORK_SEED = 0x6e657477

/** A process on one of the machines of a world. */
export interface VirtualProcess {
  readonly env: Env
  /** What it logged, oldest first. */
  readonly lines: readonly LogLine[]
  /** From now on it does nothing any more; its machine, and what is on the disk of that, stays. */
  kill(): void
}

/** Machines that share a clock, a network and its names, all following from one seed. */
export class VirtualWorld {
  readonly clock: VirtualClock
  readonly network: VirtualNetwork
  readonly dns = new VirtualDns()
  readonly #seed: number
  readonly #disks = new Map<string, VirtualFileSystem>()
  #processCount = 0

  constructor({ seed = 1, startTime = 1_767_225_600_000 }: Pick<VirtualEnvOptions, 'seed' | 'startTime'> = {}) {
    this.#seed = seed
    this.clock = new VirtualClock(startTime)
    this.network = new VirtualNetwork(this.clock, seededRandom(seed ^ NETWORK_SEED))
  }

  /** The disk of a machine. */
  disk(address: string): VirtualFileSystem {
    let disk = this.#disks.get(address)
    if (disk === undefined) {
      disk = new VirtualFileSystem(seededRandom(this.#seed + this.#disks.size + 1), () => this.clock.now())
      this.#disks.set(address, disk)
    }
    return disk
  }

  /** A new process on the machine that has this IP address. */
  start(address: string): VirtualProcess {
    const life = new Life()
    const side = this.network.side(address)
    const lines: LogLine[] = []
    const log = memoryLog(lines, {})
    const clock = life.clock(this.clock)
    const fs = life.guard(this.disk(address))
    const random = seededRandom(Math.imul(this.#seed + 1, 0x9e3779b1) + ++this.#processCount)
    const env: Env = {
      clock,
      random,
      fs,
      tcp: side.tcp,
      udp: side.udp,
      http: life.guard(side.http),
      passwords: { matchesBcrypt: compare },
      dns: this.dns,
      spawn: {
        start({ command }) {
          throw new Error(`spawn ${command}: this environment has no processes`)
        },
      },
      threads: new VirtualThreads({ clock, random, fs, log }),
      log,
      metrics: new Registry(),
    }
    return {
      env,
      lines,
      kill() {
        life.isOver = true
        side.kill()
      },
    }
  }
}

function memoryLog(lines: LogLine[], base: LogFields): Log {
  const at =
    (level: LogLine['level']) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields: { ...base, ...fields } })
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => memoryLog(lines, { ...base, ...fields }),
  }
}
