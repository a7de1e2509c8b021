import { hash } from 'node:crypto'
import type { Labels } from './labels.ts'
import { LabelsBuilder } from './labels.ts'
import type { Regex } from './regex.ts'
import { compileRegex, regexReplace } from './regex.ts'

export const RELABEL_ACTIONS = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const

export type RelabelAction = (typeof RELABEL_ACTIONS)[number]

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

export const DEFAULT_RELABEL_REGEX = '(.*)'

/** A step with upstream's defaults for what is not given. */
export function relabelConfig(fields: Partial<Omit<RelabelConfig, 'regex'>> & { readonly regex?: string }): RelabelConfig {
  const {
    sourceLabels = [],
    separator = ';',
    regex = DEFAULT_RELABEL_REGEX,
    modulus = 0,
    targetLabel = '',
    replacement = '$1',
    action = 'replace',
  } = fields
  return { sourceLabels, separator, regex: compileRegex(regex), modulus, targetLabel, replacement, action }
}

/** The label set after all steps, or null when a step drops it. Source of the actions: Prometheus model/relabel/relabel.go. */
export function relabel(labels: Labels, configs: readonly RelabelConfig[]): Labels | null {
  if (configs.length === 0) return labels
  const builder = new LabelsBuilder(labels)
  return relabelBuilder(builder, configs) ? builder.labels() : null
}

/** The same in place; false when a step drops the label set, which then is half done. */
export function relabelBuilder(builder: LabelsBuilder, configs: readonly RelabelConfig[]): boolean {
  for (const config of configs) if (!relabelStep(builder, config)) return false
  return true
}

function relabelStep(builder: LabelsBuilder, config: RelabelConfig): boolean {
  const { action, regex, targetLabel } = config
  switch (action) {
    case 'keep':
      return regex.test(sourceValue(builder, config))
    case 'drop':
      return !regex.test(sourceValue(builder, config))
    case 'keepequal':
      return builder.get(targetLabel) === sourceValue(builder, config)
    case 'dropequal':
      return builder.get(targetLabel) !== sourceValue(builder, config)
    case 'replace':
      replace(builder, config, sourceValue(builder, config))
      return true
    case 'lowercase':
      builder.set(targetLabel, simpleCase(sourceValue(builder, config), 'lower'))
      return true
    case 'uppercase':
      builder.set(targetLabel, simpleCase(sourceValue(builder, config), 'upper'))
      return true
    case 'hashmod':
      builder.set(targetLabel, hashMod(sourceValue(builder, config), config.modulus))
      return true
    case 'labelmap':
      for (const [name, value] of [...builder]) {
        const mapped = regexReplace(regex, name, config.replacement)
        if (mapped !== null) builder.set(mapped, value)
      }
      return true
    case 'labeldrop':
      for (const [name] of [...builder]) if (regex.test(name)) builder.delete(name)
      return true
    case 'labelkeep':
      for (const [name] of [...builder]) if (!regex.test(name)) builder.delete(name)
      return true
  }
}

function sourceValue(builder: LabelsBuilder, { sourceLabels, separator }: RelabelConfig): string {
  if (sourceLabels.length === 0) return ''
  let value = builder.get(sourceLabels[0])
  for (let i = 1; i < sourceLabels.length; i++) value += separator + builder.get(sourceLabels[i])
  return value
}

/** A target that is no label name once its groups are filled in leaves all as it is; an empty result removes the target. */
function replace(builder: LabelsBuilder, { regex, targetLabel, replacement }: RelabelConfig, value: string): void {
  const result = regexReplace(regex, value, replacement)
  if (result === null) return
  const target = targetLabel.includes('$') ? regexReplace(regex, value, targetLabel) : targetLabel
  if (target === null || !isLabelName(target)) return
  builder.set(target, result)
}

/** Any UTF-8 text is a label name as long as there is some. Source: Prometheus 3, model.UTF8Validation. */
export function isLabelName(name: string): boolean {
  return name !== '' && name.isWellFormed()
}

/** The last 8 bytes of the MD5 sum, big-endian, modulo. Shards agree with upstream's on who has a target only if this is exact. */
export function hashMod(value: string, modulus: number): string {
  const sum = hash('md5', value, 'buffer')
  const high = sum.readUInt32BE(8)
  const low = sum.readUInt32BE(12)
  // 2^21 is the largest modulus for which the intermediate product stays an exact integer.
  if (modulus <= 0x200000) return String(((high % modulus) * 0x100000000 + low) % modulus)
  return String(((BigInt(high) << 32n) | BigInt(low)) % BigInt(modulus))
}

/** Case by single code points, as Go maps it: what would change the number of code points stays, but for the few that have a simple form. */
function simpleCase(text: string, to: 'lower' | 'upper'): string {
  if (/^[\x00-\x7f]*$/.test(text)) return to === 'lower' ? text.toLowerCase() : text.toUpperCase()
  let out = ''
  for (const char of text) {
    const mapped = to === 'lower' ? char.toLowerCase() : char.toUpperCase()
    out += mapped.length === char.length ? mapped : (SIMPLE_CASE[to].get(char) ?? char)
  }
  return out
}

/** Source: Unicode UnicodeData.txt, simple mappings of the code points that SpecialCasing.txt expands. */
const SIMPLE_CASE = {
  lower: new Map([['\u0130', 'i']]),
  upper: new Map<string, string>(),
}
for (const start of [0x1f80, 0x1f90, 0x1fa0]) {
  for (let offset = 0; offset < 8; offset++)
    SIMPLE_CASE.upper.set(String.fromCharCode(start + offset), String.fromCharCode(start + offset + 8))
}
for (const [lower, upper] of ['ᾳᾼ', 'ῃῌ', 'ῳῼ']) SIMPLE_CASE.upper.set(lower, upper)
