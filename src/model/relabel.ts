import type { Regex } from './regex.ts'

export type RelabelAction =
  | 'replace'
  | 'keep'
  | 'drop'
  | 'keepequal'
  | 'dropequal'
  | 'hashmod'
  | 'labelmap'
  | 'labeldrop'
  | 'labelkeep'
  | 'lowercase'
  | 'uppercase'

/** One step, defaults filled in. Source: Prometheus docs/configuration/configuration.md, relabel_config. */
export interface RelabelConfig {
  readonly sourceLabels: readonly string[]
  readonly separator: string
  readonly regex: Regex
  readonly modulus: number
  readonly targetLabel: string
  readonly replacement: string
  readonly action: RelabelAction
}
