// Labels of the series of a request: of resource, scope and point, in this order of precedence from low to high, but for what an attribute of a
// point takes from a promoted one. Source: Prometheus storage/remote/otlptranslator/prometheusremotewrite/helper.go, createAttributes.

import { compareStrings, type Labels, LabelsBuilder, METRIC_NAME } from '../../model/labels.ts'
import type { Metadata } from '../../model/metadata.ts'
import { attributeText, KeyValues } from './attribute-value.ts'
import { LabelNames } from './label-name.ts'
import { unitName } from './metric-name.ts'
import type { OtlpConfig } from './otlp-schema.ts'
import { escapesNames } from './translation-strategy.ts'

const SERVICE_NAME = 'service.name'
const SERVICE_NAMESPACE = 'service.namespace'
const SERVICE_INSTANCE = 'service.instance.id'
const IDENTIFYING = [SERVICE_NAMESPACE, SERVICE_NAME, SERVICE_INSTANCE]

/** Source: Prometheus schema/labels.go. */
const TYPE_LABEL = '__type__'
const UNIT_LABEL = '__unit__'

interface ScopeNames {
  readonly name: string
  readonly version: string
  readonly schemaUrl: string
  readonly attributes: KeyValues
}

export interface SeriesLabelsOptions {
  readonly config: OtlpConfig
  /** Whether type and unit of a metric are labels of its series. */
  readonly typeAndUnitLabels: boolean
}

/** Makes labels; told of each resource and scope before the points in them. What has no valid name throws Untranslatable. */
export class SeriesLabels {
  readonly #config: OtlpConfig
  readonly #allowUtf8: boolean
  readonly #typeAndUnitLabels: boolean
  readonly #names: LabelNames
  #resource: KeyValues = KeyValues.empty
  /** Flat pairs. */
  #promoted: string[] = []
  #identity: string[] = []
  #scope: string[] = []

  constructor({ config, typeAndUnitLabels }: SeriesLabelsOptions) {
    this.#config = config
    this.#allowUtf8 = !escapesNames(config.strategy)
    this.#typeAndUnitLabels = typeAndUnitLabels
    this.#names = new LabelNames({
      allowUtf8: this.#allowUtf8,
      prefixUnderscore: config.prefixUnderscore,
      keepUnderscores: config.keepUnderscores,
    })
  }

  /** All that points get of resource and scope. */
  get context(): readonly (readonly string[])[] {
    return [this.#promoted, this.#identity, this.#scope]
  }

  openResource(attributes: KeyValues): void {
    this.#resource = attributes
    this.#scope = []
    this.#identity = []
    this.#promoted = []
    const service = attributes.text(SERVICE_NAME)
    const namespace = attributes.text(SERVICE_NAMESPACE)
    if (service !== undefined) this.#identity.push('job', namespace === undefined ? service : `${namespace}/${service}`)
    const instance = attributes.text(SERVICE_INSTANCE)
    if (instance !== undefined) this.#identity.push('instance', instance)
    const { promoteAll, attributes: named } = this.#config
    for (let i = 0; i < attributes.size; i++) {
      const key = attributes.keys[i]
      if (named.has(key) !== promoteAll) this.#promoted.push(this.#names.of(key), attributeText(attributes.values[i]))
    }
  }

  openScope({ name, version, schemaUrl, attributes }: ScopeNames): void {
    this.#scope = []
    if (!this.#config.promoteScope || name === '') return
    for (let i = 0; i < attributes.size; i++)
      this.#scope.push(this.#names.of(`otel_scope_${attributes.keys[i]}`), attributeText(attributes.values[i]))
    this.#scope.push('otel_scope_name', name, 'otel_scope_version', version, 'otel_scope_schema_url', schemaUrl)
  }

  /** What all series of a point have, but for their name. */
  ofPoint(attributes: KeyValues, metadata: Metadata): LabelsBuilder {
    const labels = this.#fromAttributes(attributes, [])
    for (let i = 0; i < this.#promoted.length; i += 2)
      if (labels.get(this.#promoted[i]) === '') labels.set(this.#promoted[i], this.#promoted[i + 1])
    setAll(labels, this.#identity)
    setAll(labels, this.#scope)
    if (this.#typeAndUnitLabels) {
      if (metadata.type !== 'unknown') labels.set(TYPE_LABEL, metadata.type)
      if (metadata.unit !== '') labels.set(UNIT_LABEL, unitName(metadata.unit, this.#config.strategy))
    }
    return labels
  }

  /** Of `target_info`; undefined where a resource has nothing to say beside who it is, or does not say who it is. */
  ofTargetInfo(): Labels | undefined {
    const resource = this.#resource
    const identifying = IDENTIFYING.filter((key) => resource.has(key)).length
    if (resource.size === identifying) return undefined
    const labels = this.#fromAttributes(resource, this.#config.keepIdentifying ? [] : IDENTIFYING)
    setAll(labels, this.#identity)
    if (labels.get('job') === '' && labels.get('instance') === '') return undefined
    return labels.set(METRIC_NAME, 'target_info').labels()
  }

  /** Attributes whose names become the same are joined, in the order of their names. */
  #fromAttributes(attributes: KeyValues, ignored: readonly string[]): LabelsBuilder {
    const labels = new LabelsBuilder()
    for (const index of order(attributes.keys)) {
      const key = attributes.keys[index]
      if (ignored.includes(key)) continue
      // The metric's name is not the point's to say; without UTF-8 it would get there by no other name.
      if (key === METRIC_NAME) continue
      const name = this.#names.of(key)
      const text = attributeText(attributes.values[index])
      const before = labels.get(name)
      labels.set(name, before === '' ? text : `${before};${text}`)
    }
    return labels
  }
}

function setAll(labels: LabelsBuilder, pairs: readonly string[]): void {
  for (let i = 0; i < pairs.length; i += 2) labels.set(pairs[i], pairs[i + 1])
}

/** Indices in the order of the names. */
function order(keys: readonly string[]): readonly number[] {
  const indices = keys.map((_, index) => index)
  for (let i = 1; i < keys.length; i++)
    if (compareStrings(keys[i - 1], keys[i]) > 0) return indices.sort((a, b) => compareStrings(keys[a], keys[b]) || a - b)
  return indices
}
