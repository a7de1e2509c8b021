import { CodedError } from '../base/errors.ts'
import { list, schemaProblems } from '../base/schema.ts'
import type { YamlValue } from '../base/yaml-tree.ts'
import { YamlScalar } from '../base/yaml-tree.ts'
import type { TargetGroup } from './discoverer.ts'
import { targetGroup, targetGroupSchema } from './static.ts'

/** Target groups as files hold them and servers send them. */
export const groupsSchema = list(targetGroupSchema, { empty: 'nil target group item found' })

/**
 * The groups of a JSON text from `where`, a path or a URL; their sources are `where:0`, `where:1` and so on. Upstream ignores
 * fields that it does not know. Throws a CodedError that names the place.
 */
export function parseJsonGroups(where: string, text: string, extraLabels: Readonly<Record<string, string>>): readonly TargetGroup[] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new CodedError('bad_data', `${where}: ${(cause as Error).message}`, { cause })
  }
  const known = Array.isArray(json)
    ? json.map((group) => (group === null || typeof group !== 'object' ? group : { targets: group.targets, labels: group.labels }))
    : json
  const parsed = groupsSchema.safeParse(yamlValue(known) ?? [])
  if (parsed.success) return parsed.data.map((config, index) => targetGroup(`${where}:${index}`, config, extraLabels))
  const [{ path: place, message }] = schemaProblems(parsed.error)
  throw new CodedError('bad_data', `${where}: at ${place.join('.') || 'the top'}: ${message}`)
}

function yamlValue(json: unknown): YamlValue {
  if (json === null || json === undefined) return undefined
  if (Array.isArray(json)) return json.map(yamlValue)
  if (typeof json === 'object') return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, yamlValue(value)]))
  return new YamlScalar(String(json), typeof json !== 'string')
}
