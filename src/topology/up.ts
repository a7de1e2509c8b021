import type { Address } from '../base/address.ts'
import type { Env } from '../base/env.ts'
import { chooseAddresses } from './addresses.ts'
import { BUILT_IN, builtInFleet } from './built-in-fleet.ts'
import { type FleetView, fleetView } from './fleet-view.ts'
import { runFleet } from './local-runner.ts'
import type { Terminal } from './screen.ts'

export interface UpOptions {
  /** Where all of the fleet's data lies; made when it does not exist. */
  readonly dataDir: string
  /** Addresses that were asked for, by name of the instance. */
  readonly listen: ReadonlyMap<string, Address>
  /** What the instances log at least; it is shown. */
  readonly logLevel: string
  readonly stopGraceMs: number
  /** What starts our program, and its arguments before the role. */
  readonly command: string
  readonly argsPrefix: readonly string[]
  readonly version: string
}

/**
 * Runs the built-in fleet until `signal` aborts. Rejects with a `conflict` error before anything has started,
 * or, after everything has stopped, when an instance was given up.
 */
export async function runUp(options: UpOptions, env: Env, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { dataDir, logLevel, version, command, argsPrefix, stopGraceMs } = options
  const addresses = await chooseAddresses(env.http, BUILT_IN, options.listen)
  const fleet = builtInFleet({ dataDir, addresses, logLevel })
  const view: FleetView = fleetView({ env, terminal, fleet, dataDir, version })
  for (const { name, role, port } of BUILT_IN) {
    const chosen = addresses.get(name)?.port
    if (!options.listen.has(name) && chosen !== port) {
      terminal.out(`${name}: port ${port} is busy, the ${role} listens on ${chosen}`)
    }
  }
  const stopView = new AbortController()
  let watching: Promise<void> = Promise.resolve()
  try {
    await runFleet(
      fleet,
      {
        env,
        command,
        argsPrefix,
        stopGraceMs,
        onEvent: (event) => view.event(event),
        onInstances: (instances) => {
          watching = view.run(instances, stopView.signal)
        },
      },
      signal,
    )
  } finally {
    stopView.abort()
    await watching
  }
}
