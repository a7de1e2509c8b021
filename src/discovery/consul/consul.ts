import { formatAddress } from '../../base/address.ts'
import type { Env } from '../../base/env.ts'
import { sleep } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { redactUrl } from '../../base/redact-url.ts'
import type { Labels } from '../../model/labels.ts'
import type { Discoverer, TargetGroup } from '../discoverer.ts'
import { GroupChanges } from '../group-changes.ts'
import { labelName } from '../label-name.ts'
import { Outbox } from '../outbox.ts'
import { Pace } from '../pace.ts'
import { servedLabels } from '../served-labels.ts'
import { ADDRESS_LABEL } from '../static.ts'
import { ConsulApi, type ServiceInstance } from './consul-api.ts'
import type { ConsulSdConfig } from './schema.ts'

// Source: Prometheus discovery/consul/consul.go.

const PREFIX = '__meta_consul_'
const RETRY_MS = 15_000

/** One group a service, one target an instance. Each question waits at the server until there is something new. */
export function consulDiscoverer(env: Env, config: ConsulSdConfig): Discoverer {
  return {
    async *watch(signal) {
      const left = new AbortController()
      const ended = AbortSignal.any([signal, left.signal])
      const discovery = new ConsulWatch(env, config, ended)
      const running = discovery.run()
      try {
        for (let groups = await discovery.outbox.take(); groups !== undefined; groups = await discovery.outbox.take()) yield groups
      } finally {
        left.abort()
        await running
      }
    },
  }
}

class ConsulWatch {
  readonly outbox: Outbox
  readonly #env: Env
  readonly #config: ConsulSdConfig
  readonly #signal: AbortSignal
  readonly #api: ConsulApi
  readonly #changes = new GroupChanges()
  /** By name: how to end the watch of a service, and its end. */
  readonly #services = new Map<string, { readonly controller: AbortController; readonly done: Promise<void> }>()
  #datacenter = ''
  #isListed = false

  constructor(env: Env, config: ConsulSdConfig, signal: AbortSignal) {
    this.outbox = new Outbox(signal)
    this.#env = env
    this.#config = config
    this.#signal = signal
    this.#api = new ConsulApi(env, config)
  }

  /** Resolves when all has ended, after the abort. */
  async run(): Promise<void> {
    const { datacenter, services, tags } = this.#config
    this.#datacenter = datacenter
    // Not `again`: it is asked once, and nothing can be said before.
    while (this.#datacenter === '' && !this.#signal.aborted) {
      await this.#attempt('datacenter', this.#signal, async () => {
        this.#datacenter = await this.#api.datacenter(this.#signal)
      })
    }
    // Services that are all named need no list, unless their tags must be looked at first.
    if (services.length > 0 && tags.length === 0) for (const name of new Set(services)) this.#startService(name)
    else await this.#watchCatalog()
    await Promise.all([...this.#services.values()].map(({ done }) => done))
  }

  async #watchCatalog(): Promise<void> {
    await this.#again('services', this.#signal, async (last) => {
      const { value, index } = await this.#api.services(last, this.#signal)
      this.#follow(new Map(Object.entries(value)))
      return index
    })
  }

  #follow(listed: ReadonlyMap<string, readonly string[] | null>): void {
    const { services, tags } = this.#config
    const wanted = new Set<string>()
    for (const [name, own] of listed) {
      if (services.length > 0 && !services.includes(name)) continue
      if (tags.every((tag) => own?.includes(tag))) wanted.add(name)
    }
    const gone = [...this.#services.keys()].filter((name) => !wanted.has(name))
    for (const name of gone) {
      this.#services.get(name)?.controller.abort()
      this.#services.delete(name)
    }
    const emptied = this.#changes.remove(gone)
    // That there is no service at all is an answer, too: to whoever waits for the first one.
    if (emptied.length > 0 || (wanted.size === 0 && !this.#isListed)) this.outbox.put(emptied)
    this.#isListed = true
    for (const name of wanted) if (!this.#services.has(name)) this.#startService(name)
  }

  #startService(name: string): void {
    const controller = new AbortController()
    const signal = AbortSignal.any([this.#signal, controller.signal])
    const done = this.#again(name, signal, async (last) => {
      const { value, index } = await this.#api.instances(name, last, signal)
      if (signal.aborted) return index
      const changed = this.#changes.merge([this.#group(name, value)])
      if (changed.length > 0) this.outbox.put(changed)
      return index
    })
    this.#services.set(name, { controller, done })
  }

  /**
   * Asks at most once an interval, from the index of the last answer on. An answer that is no newer is looked at all the same: a
   * server that began to count anew may have come to the same number.
   */
  async #again(what: string, signal: AbortSignal, ask: (index: number) => Promise<number>): Promise<void> {
    const pace = new Pace(this.#env, this.#config.refreshIntervalMs, signal)
    let index = 0
    while (!signal.aborted) {
      await this.#attempt(what, signal, async () => {
        index = await ask(index)
      })
      await pace.next()
    }
    pace.close()
  }

  /** A failure is logged, and followed by a pause. */
  async #attempt(what: string, signal: AbortSignal, ask: () => Promise<void>): Promise<void> {
    try {
      await ask()
    } catch (error) {
      if (signal.aborted) return
      const { url } = this.#config
      this.#env.log.error('consul discovery: request failed, the last targets stay', {
        url: redactUrl(url),
        what,
        error: errorMessage(error),
      })
      await sleep(this.#env.clock, RETRY_MS, signal)
    }
  }

  #group(name: string, instances: readonly ServiceInstance[]): TargetGroup {
    return {
      source: name,
      labels: servedLabels({ [`${PREFIX}service`]: name, [`${PREFIX}dc`]: this.#datacenter }),
      targets: instances.map((instance) => target(instance, this.#config.tagSeparator)),
    }
  }
}

function target({ Node: node, Service: service, Checks: checks }: ServiceInstance, separator: string): Labels {
  const port = service.Port ?? 0
  // A service may be registered by another node than the one it runs on.
  const host = service.Address || (node.Address ?? '')
  const labels: Record<string, string> = {
    [ADDRESS_LABEL]: formatAddress({ host, port }),
    [`${PREFIX}address`]: node.Address ?? '',
    [`${PREFIX}node`]: node.Node ?? '',
    [`${PREFIX}namespace`]: service.Namespace ?? '',
    [`${PREFIX}partition`]: service.Partition ?? '',
    // Surrounded by separators, so that a pattern finds a tag at any place.
    [`${PREFIX}tags`]: separator + (service.Tags ?? []).join(separator) + separator,
    [`${PREFIX}service_address`]: service.Address ?? '',
    [`${PREFIX}service_port`]: String(port),
    [`${PREFIX}service_id`]: service.ID ?? '',
    [`${PREFIX}health`]: health(checks ?? []),
  }
  const add = (kind: string, values: Readonly<Record<string, string>> | null | undefined) => {
    for (const [key, value] of Object.entries(values ?? {})) labels[`${PREFIX}${kind}_${labelName(key)}`] = value
  }
  add('metadata', node.Meta)
  add('service_metadata', service.Meta)
  add('tagged_address', node.TaggedAddresses)
  return servedLabels(labels)
}

/** The worst that any check says. Source: hashicorp/consul api/health.go, AggregatedStatus. */
function health(checks: NonNullable<ServiceInstance['Checks']>): string {
  const isMaintenance = ({ CheckID: id = '' }) => id === '_node_maintenance' || id.startsWith('_service_maintenance:')
  const statuses = checks.filter((check) => !isMaintenance(check)).map(({ Status }) => Status)
  // What nobody knows makes the whole unknown.
  if (statuses.some((status) => status !== 'passing' && status !== 'warning' && status !== 'critical')) return ''
  if (statuses.length < checks.length) return 'maintenance'
  return ['critical', 'warning'].find((status) => statuses.includes(status)) ?? 'passing'
}
