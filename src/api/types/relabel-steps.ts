// Answer of /api/v1/targets/relabel_steps.
// Source: Prometheus web/api/v1/api.go, RelabelStep; model/relabel, Config.

import type { Metric } from './query.ts'

/** Empty fields are left out. */
export interface RelabelRuleJson {
  readonly sourceLabels?: readonly string[]
  readonly separator?: string
  readonly regex: string
  readonly modulus?: number
  readonly targetLabel?: string
  readonly replacement?: string
  readonly action: string
}

export interface RelabelStepJson {
  readonly rule: RelabelRuleJson
  /** After the step; empty once the target is dropped. */
  readonly output: Metric
  readonly keep: boolean
}

export interface RelabelStepsData {
  readonly steps: readonly RelabelStepJson[]
}
