import { assert } from '../base/assert.ts'
import { CodedError } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import type { Report } from '../base/schema.ts'
import { integer, list, scalar, section, text } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'
import { labelNames } from './config-schema.ts'
import type { Regex } from './regex.ts'
import { compileAnchoredRegex } from './regex.ts'
import type { RelabelAction, RelabelConfig } from './relabel.ts'
import { DEFAULT_RELABEL_REGEX, isLabelName, RELABEL_ACTIONS, relabelConfig } from './relabel.ts'

export const regex = () =>
  scalar<Regex>(
    'a regular expression',
    ({ text }) => compileAnchoredRegex(text),
    (value) => value.source,
  )

/** Upper case is fine, as upstream. */
const action = () =>
  scalar<RelabelAction>(
    'an action',
    ({ text }) => {
      const found = RELABEL_ACTIONS.find((name) => name === text.toLowerCase())
      if (found === undefined) throw new CodedError('bad_data', `unknown relabel action ${quote(text)}, want ${RELABEL_ACTIONS.join(', ')}`)
      return found
    },
    String,
  )

/** Source of the rules and their texts: Prometheus model/relabel/relabel.go, Config.Validate. */
export const relabelStepSchema = section(
  'relabel_config',
  {
    source_labels: labelNames(),
    separator: text(),
    regex: regex(),
    modulus: integer(),
    target_label: text(),
    replacement: text(),
    action: action(),
  },
  { printed: { separator: ';', replacement: '$1', action: 'replace' }, check: (step, report) => checkStep(step, report) },
)

export type RelabelStep = Output<typeof relabelStepSchema>

export const relabelSteps = (empty: string) => list(relabelStepSchema, { empty })

/** The default where the step says nothing, and the empty value where it says null, as upstream: `regex:` matches the empty text only. */
function filled(step: RelabelStep): {
  readonly separator: string
  readonly replacement: string
  readonly regex: string
  readonly action: RelabelAction | ''
} {
  const of = <V extends string>(field: keyof RelabelStep, value: V | undefined, byDefault: V): V | '' =>
    field in step ? (value ?? '') : byDefault
  return {
    separator: of('separator', step.separator, ';'),
    replacement: of('replacement', step.replacement, '$1'),
    regex: of('regex', step.regex?.source, DEFAULT_RELABEL_REGEX),
    action: of('action', step.action, 'replace'),
  }
}

function checkStep(step: RelabelStep, report: Report): void {
  const { target_label: target = '', modulus = 0 } = step
  const { separator, replacement, action } = filled(step)
  if (action === '') {
    report(['action'], 'relabel action cannot be empty')
    return
  }
  const wantsTarget = !['keep', 'drop', 'labelmap', 'labeldrop', 'labelkeep'].includes(action)
  if (action === 'hashmod' && modulus === 0) report(['modulus'], 'relabel configuration for hashmod requires non-zero modulus')
  if (wantsTarget && target === '') {
    report(['target_label'], `relabel configuration for ${action} action requires 'target_label' value`)
    return
  }
  if (wantsTarget && !isLabelName(target)) report(['target_label'], `${quote(target)} is invalid 'target_label' for ${action} action`)
  if (action === 'labelmap' && !isLabelName(replacement))
    report(['replacement'], `${quote(replacement)} is invalid 'replacement' for labelmap action`)
  if (['lowercase', 'uppercase', 'keepequal', 'dropequal'].includes(action) && replacement !== '$1') {
    report(['replacement'], `'replacement' can not be set for ${action} action`)
    return
  }
  const changed = (['modulus', 'separator', 'replacement'] as const).find(
    (field) => ({ modulus: modulus !== 0, separator: separator !== ';', replacement: replacement !== '$1' })[field],
  )
  if (action === 'keepequal' || action === 'dropequal') {
    const field = 'regex' in step ? 'regex' : changed
    // The quotes differ in upstream's text as well.
    if (field !== undefined) report([field], `${action} action requires only 'source_labels' and \`target_label\`, and no other fields`)
  }
  if (action === 'labeldrop' || action === 'labelkeep') {
    const field = step.source_labels !== undefined ? 'source_labels' : target !== '' ? 'target_label' : changed
    if (field !== undefined) report([field], `${action} action requires only 'regex', and no other fields`)
  }
}

export function toRelabelConfigs(steps: readonly RelabelStep[] | undefined): readonly RelabelConfig[] {
  return (steps ?? []).map((step) => {
    const { action, ...texts } = filled(step)
    assert(action !== '', 'a step that was checked has an action')
    return relabelConfig({ ...texts, action, sourceLabels: step.source_labels, modulus: step.modulus, targetLabel: step.target_label })
  })
}
