import type { DiscovererConfig, TargetGroup } from '../../src/discovery/discoverer.ts'
import { PLAIN_HTTP_CLIENT } from '../../src/http-client/client-config.ts'
import { Labels } from '../../src/model/labels.ts'
import type { ScrapeConfig } from '../../src/scrape/scrape-config.ts'

/** A scrape configuration for tests: job `j`, 1 s interval, no limits; `fields` replace. The fingerprint follows from what is given. */
export function scrapeConfig(fields: Partial<ScrapeConfig> = {}): ScrapeConfig {
  return {
    jobName: 'j',
    scrapeIntervalMs: 1000,
    scrapeTimeoutMs: 1000,
    metricsPath: '/metrics',
    scheme: 'http',
    params: new Map(),
    honorLabels: false,
    honorTimestamps: true,
    enableCompression: true,
    http: PLAIN_HTTP_CLIENT,
    relabelConfigs: [],
    metricRelabelConfigs: [],
    bodyBytesMax: 0,
    sampleLimit: 0,
    labelLimit: 0,
    labelNameLengthLimit: 0,
    labelValueLengthLimit: 0,
    targetLimit: 0,
    keepDroppedTargets: 0,
    trackTimestampsStaleness: false,
    scrapeProtocols: ['PrometheusText0.0.4'],
    fallbackProtocol: undefined,
    nameValidation: 'utf8',
    nameEscaping: 'allow-utf-8',
    nativeHistograms: false,
    alwaysClassicHistograms: false,
    convertClassicHistograms: false,
    bucketLimit: 0,
    schemaMax: 8,
    extraMetrics: false,
    failureLogFile: '',
    discoverers: [],
    externalLabels: Labels.empty,
    fingerprint: JSON.stringify(fields),
    ...fields,
  }
}

/** A discoverer that finds these addresses and then waits. */
export function fixedTargets(...addresses: readonly string[]): DiscovererConfig {
  return {
    mechanism: 'fixed',
    fingerprint: addresses.join(),
    create: () => ({
      async *watch(signal) {
        yield [{ source: '0', targets: addresses.map((address) => Labels.of({ __address__: address })), labels: Labels.empty }]
        await aborted(signal)
      },
    }),
  }
}

/** A discoverer whose groups the test changes with `set`. */
export class ChangingTargets {
  readonly config: DiscovererConfig
  #notify: (() => void)[] = []
  #groups: readonly TargetGroup[]

  constructor(fingerprint: string, addresses: readonly string[]) {
    this.#groups = group(addresses)
    const self = this
    this.config = {
      mechanism: 'changing',
      fingerprint,
      create: () => ({
        async *watch(signal) {
          while (!signal.aborted) {
            yield self.#groups
            await new Promise<void>((resolve) => {
              self.#notify.push(resolve)
              signal.addEventListener('abort', () => resolve(), { once: true })
            })
          }
        },
      }),
    }
  }

  set(...addresses: readonly string[]): void {
    this.#groups = group(addresses)
    for (const notify of this.#notify.splice(0)) notify()
  }
}

function group(addresses: readonly string[]): readonly TargetGroup[] {
  return [{ source: '0', targets: addresses.map((address) => Labels.of({ __address__: address })), labels: Labels.empty }]
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
