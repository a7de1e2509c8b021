import { list, section, text } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'
import { labels } from '../model/config-schema.ts'
import { Labels } from '../model/labels.ts'
import type { Discoverer, TargetGroup } from './discoverer.ts'

/** The label that holds a target's host and port. */
export const ADDRESS_LABEL = '__address__'

/** Also the form of what file and HTTP discovery read. */
export const targetGroupSchema = section('static_config', { targets: list(text()), labels: labels() }, { printed: { targets: [] } })

export const staticConfigsSchema = list(targetGroupSchema, { empty: 'empty or null section in static_configs' })

export type TargetGroupConfig = Output<typeof targetGroupSchema>

export function targetGroup(source: string, config: TargetGroupConfig, extra: Readonly<Record<string, string>> = {}): TargetGroup {
  return {
    source,
    targets: (config.targets ?? []).map((address) => Labels.of({ [ADDRESS_LABEL]: address })),
    labels: Labels.of({ ...config.labels, ...extra }),
  }
}

/** Targets that the configuration file lists: found once, and for good. */
export function staticDiscoverer(configs: readonly TargetGroupConfig[]): Discoverer {
  return {
    async *watch() {
      yield configs.map((config, index) => targetGroup(String(index), config))
    },
  }
}
