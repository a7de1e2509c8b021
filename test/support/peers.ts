// Real programs and upstream's test data. What is missing is skipped and said; with CI=true it fails.
import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ROOT } from './program.ts'

/** Where upstream's test data lies: `conformance/promqltest` and more. */
export const SHARED = process.env.PROMONTORY_SHARED ?? join(ROOT, '../shared')

const NEWER = [process.env.PROMONTORY_PEERS, join(ROOT, '.cache/peers')]
  .filter((path) => path !== undefined)
  .map((path) => join(path, 'sid/usr/bin'))

const WHERE: Readonly<Record<string, readonly string[]>> = {
  'prometheus 3.5': NEWER.map((path) => join(path, 'prometheus')),
  'alertmanager 0.33': NEWER.map((path) => join(path, 'prometheus-alertmanager')),
  'alertmanager 0.25': ['/usr/bin/prometheus-alertmanager'],
  'amtool 0.25': ['/usr/bin/amtool'],
  'amtool 0.33': NEWER.map((path) => join(path, 'amtool')),
  'promtool 3.5': NEWER.map((path) => join(path, 'promtool')),
  'victoria-metrics': NEWER.map((path) => join(path, 'victoria-metrics')),
  vmagent: NEWER.map((path) => join(path, 'vmagent')),
  'node_exporter 1.11': NEWER.map((path) => join(path, 'prometheus-node-exporter')),
  'debian node_exporter': ['/usr/bin/prometheus-node-exporter'],
  'debian prometheus': ['/usr/bin/prometheus'],
  'blackbox exporter': ['/usr/bin/prometheus-blackbox-exporter'],
  'debian pushgateway': ['/usr/bin/prometheus-pushgateway'],
  chromium: ['/usr/bin/chromium'],
}

/** The path of a peer, or undefined after having skipped the test (or failed it, with CI=true). */
export function peer(t: TestContext, name: keyof typeof WHERE): string | undefined {
  return peerPath(name) ?? missing(t, `${name} is not here (looked at ${WHERE[name].join(', ') || 'PROMONTORY_PEERS'})`)
}

/** The path of a peer, or undefined where there is none. */
export function peerPath(name: keyof typeof WHERE): string | undefined {
  return WHERE[name].find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** The path of shared test data, or undefined after having skipped or failed the test. */
export function shared(t: TestContext, path: string): string | undefined {
  const found = join(SHARED, path)
  return existsSync(found) ? found : missing(t, `${found} is not here`)
}

function missing(t: TestContext, what: string): undefined {
  if (process.env.CI === 'true') throw new Error(what)
  t.skip(what)
  return undefined
}
