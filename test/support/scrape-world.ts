// A process that scrapes targets in memory, on a virtual clock.
import { type VirtualEnv, virtualEnv } from '../../src/base/env-virtual.ts'
import { Labels } from '../../src/model/labels.ts'
import { createScrapeManager, type ScrapeManager } from '../../src/scrape/manager.ts'
import type { ScrapeConfig } from '../../src/scrape/scrape-config.ts'
import { scrapeFeatures } from '../../src/scrape/scrape-features.ts'
import { slotFrom, slotsOf } from '../../src/scrape/slots.ts'
import { MemoryAppendable } from './memory-appendable.ts'
import { fixedTargets, scrapeConfig } from './scrape-config.ts'

export type Page = string | { readonly type: string; readonly body: Uint8Array | string }

export interface World {
  readonly env: VirtualEnv
  readonly store: MemoryAppendable
  readonly manager: ScrapeManager
  /** What each address answers: a body of text, or of a type; a missing one refuses connections. */
  readonly pages: Map<string, Page>
  /** Heads of the requests, oldest first. */
  readonly requests: string[]
  stop(): Promise<void>
}

export const START = 1_767_225_600_000

export interface WorldOptions {
  readonly startTime?: number
  readonly pages?: Map<string, Page>
  readonly seed?: number
  /** Feature flags. */
  readonly features?: readonly string[]
  /** Resolves when the store takes samples. Default: it takes them. */
  readonly open?: Promise<void>
}

/** A process that scrapes; several may share `pages`. */
export function world(options: WorldOptions = {}): World {
  const env = virtualEnv({ startTime: options.startTime ?? START, seed: options.seed })
  const pages = options.pages ?? new Map()
  const requests: string[] = []
  env.network.refuses = (address) => !pages.has(address)
  for (const address of ['a:1', 'b:1', 'c:1']) {
    env.network.listenRaw(address, (peer) => ({
      data: (request) => {
        requests.push(Buffer.from(request).toString('latin1'))
        const page = pages.get(address) ?? ''
        const { type, body } = typeof page === 'string' ? { type: 'text/plain', body: page } : page
        const bytes = Buffer.from(body)
        const typed = type === '' ? '' : `Content-Type: ${type}\r\n`
        peer.write(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${typed}Content-Length: ${bytes.length}\r\n\r\n`), bytes]))
      },
    }))
  }
  const store = new MemoryAppendable()
  const features = scrapeFeatures(new Set(options.features))
  const manager = createScrapeManager({ env, appendable: store, open: options.open, version: '1', features })
  const controller = new AbortController()
  const done = manager.run(controller.signal, () => {})
  return {
    env,
    store,
    manager,
    pages,
    requests,
    async stop() {
      controller.abort()
      await done
    },
  }
}

/** The first slot of target `address` of job `j` from `time` on. */
export function slot(address: string, time: number, intervalMs = 1000): number {
  const labels = Labels.of({ instance: address, job: 'j' })
  return slotFrom(slotsOf(labels, `http://${address}/metrics`, intervalMs), time)
}

export function series(name: string, address = 'a:1'): string {
  return `${name}{instance="${address}", job="j"}`
}

/** Sample values only. */
export function values(store: MemoryAppendable, name: string): string {
  return store.text(name).replaceAll(/\d+=/g, '')
}

export async function scraping(
  fields: Partial<ScrapeConfig>,
  page: Page,
  seconds: number,
  after: (w: World) => void | Promise<void>,
  options: WorldOptions = {},
): Promise<void> {
  const w = world(options)
  w.pages.set('a:1', page)
  w.manager.apply([scrapeConfig({ discoverers: [fixedTargets('a:1')], ...fields })])
  await w.env.clock.advance(seconds * 1000 + 100)
  await after(w)
  await w.stop()
}
