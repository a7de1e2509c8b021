import type { KubernetesObject, Objects, Resource } from './objects.ts'
import { objectKey } from './objects.ts'
import type { AttachMetadata, Cluster } from './role.ts'
import { keyOf } from './role.ts'

export type ObjectEvent = 'add' | 'update' | 'delete'

/** All objects that are known, and which groups took something from which of them. */
export class ObjectStore {
  readonly #objects = new Map<Resource, Map<string, KubernetesObject>>()
  /** By resource and key of an object: the groups that asked for it. */
  readonly #askedBy = new Map<string, Set<string>>()
  /** By group: what it asked for. */
  readonly #asked = new Map<string, Set<string>>()
  readonly #onEvent: (resource: Resource, event: ObjectEvent, key: string, askedBy: Iterable<string>) => void

  /** `onEvent` gets the key of the object and the groups that have asked for it. */
  constructor(onEvent: (resource: Resource, event: ObjectEvent, key: string, askedBy: Iterable<string>) => void) {
    this.#onEvent = onEvent
  }

  get<R extends Resource>(resource: R, key: string): Objects[R] | undefined {
    return this.#objects.get(resource)?.get(key) as Objects[R] | undefined
  }

  set(resource: Resource, object: KubernetesObject): void {
    const kept = this.#of(resource)
    const key = keyOf(object)
    const before = kept.get(key)
    // A list tells again what is known already.
    const version = object.metadata?.resourceVersion
    if (before !== undefined && version !== undefined && before.metadata?.resourceVersion === version) return
    kept.set(key, object)
    this.#tell(resource, before === undefined ? 'add' : 'update', key)
  }

  delete(resource: Resource, key: string): void {
    if (this.#of(resource).delete(key)) this.#tell(resource, 'delete', key)
  }

  /** Of one namespace, or of all. */
  replace(resource: Resource, namespace: string | undefined, objects: readonly KubernetesObject[]): void {
    const keys = new Set(objects.map(keyOf))
    for (const [key, { metadata }] of [...this.#of(resource)]) {
      if (!keys.has(key) && (namespace === undefined || metadata?.namespace === namespace)) this.delete(resource, key)
    }
    for (const object of objects) this.set(resource, object)
  }

  /** What a group is built from, which is remembered; what it asked for before is forgotten. */
  cluster(group: string, attach: AttachMetadata, nodesAreSelected = false): Cluster {
    this.forget(group)
    const asked = new Set<string>()
    this.#asked.set(group, asked)
    return {
      attach,
      nodesAreSelected,
      find: (resource, namespace, name) => {
        const key = objectKey(namespace, name)
        const place = `${resource} ${key}`
        asked.add(place)
        const groups = this.#askedBy.get(place) ?? new Set()
        this.#askedBy.set(place, groups.add(group))
        return this.get(resource, key)
      },
    }
  }

  forget(group: string): void {
    for (const place of this.#asked.get(group) ?? []) {
      const groups = this.#askedBy.get(place)
      groups?.delete(group)
      if (groups?.size === 0) this.#askedBy.delete(place)
    }
    this.#asked.delete(group)
  }

  #of(resource: Resource): Map<string, KubernetesObject> {
    let kept = this.#objects.get(resource)
    if (kept === undefined) {
      kept = new Map()
      this.#objects.set(resource, kept)
    }
    return kept
  }

  #tell(resource: Resource, event: ObjectEvent, key: string): void {
    this.#onEvent(resource, event, key, this.#askedBy.get(`${resource} ${key}`) ?? [])
  }
}
