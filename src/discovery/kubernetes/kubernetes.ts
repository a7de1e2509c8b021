import { Counter } from 'prom-client'
import type { Env } from '../../base/env.ts'
import { sleep } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import type { Discoverer, TargetGroup } from '../discoverer.ts'
import { GroupChanges } from '../group-changes.ts'
import { knownMetric } from '../known-metric.ts'
import { servedLabels } from '../served-labels.ts'
import { type ApiServer, findApiServer, readOwnNamespace } from './api-server.ts'
import { endpointSliceRole } from './endpoint-slice.ts'
import { endpointsRole } from './endpoints.ts'
import { ingressRole } from './ingress.ts'
import { listAndWatch } from './list-watch.ts'
import { nodeRole } from './node.ts'
import { ObjectStore } from './object-store.ts'
import type { KubernetesObject, Resource } from './objects.ts'
import { podRole } from './pod.ts'
import type { Role } from './role.ts'
import { keyOf } from './role.ts'
import type { KubernetesSdConfig, RoleName } from './schema.ts'
import { serviceRole } from './service.ts'

const ROLES = {
  node: nodeRole,
  service: serviceRole,
  pod: podRole,
  endpoints: endpointsRole,
  endpointslice: endpointSliceRole,
  ingress: ingressRole,
} as const satisfies Readonly<Record<RoleName, unknown>>

/** Where each resource is served, and whether by namespace. */
const API: Readonly<Record<Resource, { readonly prefix: string; readonly inNamespace: boolean; readonly event?: RoleName }>> = {
  nodes: { prefix: '/api/v1', inNamespace: false, event: 'node' },
  namespaces: { prefix: '/api/v1', inNamespace: false },
  services: { prefix: '/api/v1', inNamespace: true, event: 'service' },
  pods: { prefix: '/api/v1', inNamespace: true, event: 'pod' },
  endpoints: { prefix: '/api/v1', inNamespace: true, event: 'endpoints' },
  endpointslices: { prefix: '/apis/discovery.k8s.io/v1', inNamespace: true, event: 'endpointslice' },
  ingresses: { prefix: '/apis/networking.k8s.io/v1', inNamespace: true, event: 'ingress' },
  replicasets: { prefix: '/apis/apps/v1', inNamespace: true },
  jobs: { prefix: '/apis/batch/v1', inNamespace: true },
}

/** Of these nothing but who they are and who controls them is read. */
const METADATA_ONLY: ReadonlySet<Resource> = new Set(['namespaces', 'replicasets', 'jobs'])

const FIND_RETRY_MS = 15_000

/** Targets from the objects of a Kubernetes cluster, which are watched. What is known stays while the API server cannot be reached. */
export function kubernetesDiscoverer(env: Env, config: KubernetesSdConfig): Discoverer {
  return {
    async *watch(signal) {
      const server = await findAgain(env, config, signal)
      if (server === undefined) return
      const discovery = new ClusterWatch(env, config)
      const left = new AbortController()
      const ended = AbortSignal.any([signal, left.signal])
      const watches = discovery.start(server.server, server.namespaces, ended)
      try {
        for (let first = true; await discovery.next(ended); first = false) {
          const groups = discovery.changes()
          if (groups.length > 0 || first) yield groups
        }
      } finally {
        left.abort()
        await watches
      }
    },
  }
}

interface FoundServer {
  readonly server: ApiServer
  /** One undefined: all. */
  readonly namespaces: readonly (string | undefined)[]
}

/** Undefined when aborted. */
async function findAgain(env: Env, config: KubernetesSdConfig, signal: AbortSignal): Promise<FoundServer | undefined> {
  while (!signal.aborted) {
    try {
      const server = await findApiServer(env, config.place)
      const own = config.ownNamespace ? [await readOwnNamespace(env.fs)] : []
      const namespaces = [...new Set([...config.namespaces, ...own])]
      return { server, namespaces: namespaces.length === 0 ? [undefined] : namespaces }
    } catch (error) {
      env.log.error('kubernetes discovery: API server not found', { error: errorMessage(error) })
      await sleep(env.clock, FIND_RETRY_MS, signal)
    }
  }
  return undefined
}

/** The objects that one role needs, and the groups that follow from them. */
class ClusterWatch {
  readonly #env: Env
  readonly #config: KubernetesSdConfig
  readonly #role: Role<Resource>
  readonly #store: ObjectStore
  readonly #changes = new GroupChanges()
  readonly #events: Counter<'role' | 'event'>
  readonly #failures: Counter
  /** Keys of objects whose groups must be built again. */
  #dirty = new Set<string>()
  /** Lists that have not come yet: before, a group may lack labels of objects that are not known. */
  #missingLists = 0
  #woken = false
  #wake: (() => void) | undefined

  constructor(env: Env, config: KubernetesSdConfig) {
    this.#env = env
    this.#config = config
    this.#role = ROLES[config.role] as unknown as Role<Resource>
    this.#events = knownMetric(
      env.metrics,
      'prometheus_sd_kubernetes_events_total',
      (base) => new Counter({ ...base, help: 'The number of Kubernetes events handled.', labelNames: ['role', 'event'] }),
    )
    this.#failures = knownMetric(
      env.metrics,
      'prometheus_sd_kubernetes_failures_total',
      (base) => new Counter({ ...base, help: 'The number of failed WATCH/LIST requests.' }),
    )
    for (const role of Object.keys(ROLES)) for (const event of ['add', 'update', 'delete']) this.#events.inc({ role, event }, 0)
    this.#store = new ObjectStore((resource, event, key, askedBy) => {
      const role = API[resource].event
      if (role !== undefined) this.#events.inc({ role, event })
      if (resource === this.#role.primary) this.#dirty.add(key)
      for (const group of askedBy) this.#dirty.add(group)
    })
  }

  /** Resolves when all watches have ended, after `signal` aborted. */
  async start(server: ApiServer, namespaces: readonly (string | undefined)[], signal: AbortSignal): Promise<void> {
    const watches: Promise<void>[] = []
    for (const resource of this.#resources()) {
      const { inNamespace } = API[resource]
      for (const namespace of inNamespace ? namespaces : [undefined]) watches.push(this.#watch(server, resource, namespace, signal))
    }
    signal.addEventListener('abort', () => this.#wake?.(), { once: true })
    await Promise.all(watches)
  }

  /** Waits until something is to be built; false when aborted. */
  async next(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted && (this.#missingLists > 0 || !this.#woken)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#woken = false
    return !signal.aborted
  }

  /** The groups that differ from those of the last call. */
  changes(): readonly TargetGroup[] {
    const { attach, selectors } = this.#config
    const built: TargetGroup[] = []
    const gone: string[] = []
    for (const key of this.#dirty) {
      const source = this.#role.sourcePrefix + key
      const object = this.#store.get(this.#role.primary, key)
      if (object === undefined) {
        this.#store.forget(key)
        gone.push(source)
        continue
      }
      try {
        const group = this.#role.build(object, this.#store.cluster(key, attach, selectors.nodes !== undefined))
        if (group !== undefined) built.push({ source, labels: servedLabels(group.labels), targets: group.targets.map(servedLabels) })
      } catch (error) {
        // One object that is not as the API has them must not end the watch of all others.
        this.#failures.inc()
        this.#env.log.warn('kubernetes discovery: object not understood, its last targets stay', { source, error: errorMessage(error) })
      }
    }
    this.#dirty = new Set()
    return [...this.#changes.merge(built), ...this.#changes.remove(gone)]
  }

  #resources(): readonly Resource[] {
    const { primary, secondary, onNodes } = this.#role
    const { attach, selectors } = this.#config
    const isSelectedByNode = primary === 'pods' && selectors.nodes !== undefined
    const when = (condition: boolean, resource: Resource): readonly Resource[] => (condition ? [resource] : [])
    return [
      primary,
      ...secondary,
      ...when(onNodes && (attach.node || isSelectedByNode), 'nodes'),
      ...when(attach.namespace && primary !== 'nodes', 'namespaces'),
      // Whatever runs on nodes has to do with pods.
      ...when(attach.deployment && onNodes, 'replicasets'),
      ...when(attach.cronjob && onNodes, 'jobs'),
    ]
  }

  #watch(server: ApiServer, resource: Resource, namespace: string | undefined, signal: AbortSignal): Promise<void> {
    const path = `${API[resource].prefix}${namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`}/${resource}`
    const kept = METADATA_ONLY.has(resource) ? ({ metadata }: KubernetesObject) => ({ metadata }) : (object: KubernetesObject) => object
    let isListed = false
    this.#missingLists++
    const wakeAfter = (change: () => void) => {
      change()
      this.#woken = true
      this.#wake?.()
    }
    return listAndWatch(
      this.#env,
      { server, path, selector: this.#config.selectors[resource] },
      {
        replaced: (objects) =>
          wakeAfter(() => {
            this.#store.replace(resource, namespace, objects.map(kept))
            if (!isListed) this.#missingLists--
            isListed = true
          }),
        changed: (object) => wakeAfter(() => this.#store.set(resource, kept(object))),
        deleted: (object) => wakeAfter(() => this.#store.delete(resource, keyOf(object))),
        failed: () => this.#failures.inc(),
      },
      signal,
    )
  }
}
