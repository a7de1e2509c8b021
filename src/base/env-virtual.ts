import { compare } from 'bcryptjs'
import { Registry } from 'prom-client'
import type { Child, Env, SpawnOptions } from './env.ts'
import type { Log, LogFields } from './log.ts'
import { VirtualClock } from './virtual/clock.ts'
import { VirtualDns } from './virtual/dns.ts'
import { VirtualFileSystem } from './virtual/file-system.ts'
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
  const network = new VirtualNetwork(clock)
  const lines: LogLine[] = []
  const fs = new VirtualFileSystem(random, () => clock.now())
  const log = memoryLog(lines, {})
  return {
    clock,
    random,
    fs,
    network,
    tcp: network.tcp,
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
