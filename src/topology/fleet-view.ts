import { type Env, sleep } from '../base/env.ts'
import { type Fleet, urlOf } from './fleet.ts'
import { fleetTable } from './fleet-table.ts'
import { type InstanceStats, NO_STATS, StatsReader } from './instance-stats.ts'
import { canRedraw, Screen, type Terminal, wantsColour } from './screen.ts'
import { formatSeconds, type InstanceEvent, type SupervisedInstance } from './supervised-instance.ts'

/** What a newcomer may ask first: it needs two scrapes of the exporter. */
export const EXAMPLE_QUERY = 'sum by (mode) (rate(node_cpu_seconds_total[30s]))'

const REFRESH_MS = 1_000
const EVENTS_SHOWN = 5

/** What a person sees of a running fleet. */
export interface FleetView {
  event(event: InstanceEvent): void
  /** Watches until `signal` aborts. */
  run(instances: readonly SupervisedInstance[], signal: AbortSignal): Promise<void>
}

export interface FleetViewOptions {
  readonly env: Env
  readonly terminal: Terminal
  readonly fleet: Fleet
  readonly dataDir: string
  readonly version: string
}

/** A table that is drawn again in place where there is a terminal, a line for each change where not. */
export function fleetView(options: FleetViewOptions): FleetView {
  return canRedraw(options.terminal) ? tableView(options) : lineView(options)
}

/** Where to look, and what to ask first. */
function hints(fleet: Fleet): string[] {
  const server = fleet.instances.find(({ role }) => role === 'server')
  return server === undefined ? [] : [`Open   ${urlOf(server)}`, `Query  ${EXAMPLE_QUERY}`]
}

function lineView({ terminal, fleet, dataDir, version }: FleetViewOptions): FleetView {
  const width = Math.max(...fleet.instances.map(({ name }) => name.length))
  const notReady = new Set(fleet.instances.map(({ name }) => name))
  terminal.out(`Promontory ${version}, data in ${dataDir}`)
  return {
    event({ instance, kind, text }) {
      const started = fleet.instances.find(({ name }) => name === instance)
      const where = kind === 'started' && started !== undefined ? `${urlOf(started)}, ` : ''
      terminal.out(
        kind === 'said' ? `${instance.padEnd(width)}  | ${text}` : `${instance.padEnd(width)}  ${kind} ${where}${text}`.trimEnd(),
      )
      if (kind === 'ready' && notReady.delete(instance) && notReady.size === 0) for (const line of hints(fleet)) terminal.out(line)
    },
    async run() {},
  }
}

function tableView({ env, terminal, fleet, dataDir, version }: FleetViewOptions): FleetView {
  const screen = new Screen(terminal)
  const coloured = wantsColour(terminal)
  const startTime = env.clock.monotonic()
  const events: string[] = []
  let watched: readonly SupervisedInstance[] = []
  let stats: readonly InstanceStats[] = []

  const draw = () => {
    const rows = watched.map((supervised, index) => ({
      instance: supervised.instance,
      state: supervised.state,
      stats: stats[index] ?? NO_STATS,
    }))
    const elapsed = formatElapsed(env.clock.monotonic() - startTime)
    screen.draw([
      `Promontory ${version}, data in ${dataDir}, running for ${elapsed}. Ctrl-C stops it.`,
      '',
      ...fleetTable(rows, { coloured }),
      '',
      ...hints(fleet),
      ...(events.length === 0 ? [] : ['', ...events]),
    ])
  }

  return {
    event({ instance, kind, text }) {
      // That it starts, is ready and stops is what the table shows.
      const isNews = kind === 'said' || kind === 'crashed' || kind === 'killed' || kind === 'failed'
      if (isNews) events.push(kind === 'said' ? `${instance} | ${text}` : `${instance} ${kind}: ${text}`)
      if (events.length > EVENTS_SHOWN) events.shift()
      if (watched.length > 0) draw()
    },
    async run(instances, signal) {
      watched = instances
      const readers = instances.map(({ instance }) => new StatsReader(env, instance))
      while (!signal.aborted) {
        stats = await Promise.all(instances.map(({ pid }, index) => readers[index].read(pid)))
        draw()
        await sleep(env.clock, REFRESH_MS, signal)
      }
    },
  }
}

/** `12 s`, `3 min`, `5 h 10 min`. */
function formatElapsed(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return formatSeconds(Math.floor(ms / 1000) * 1000).replace('.0', '')
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
