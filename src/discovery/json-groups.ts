import { CodedError } from '../base/errors.ts'
import { list, schemaProblems } from '../base/schema.ts'
import type { YamlPath, YamlValue } from '../base/yaml-tree.ts'
import { YamlScalar } from '../base/yaml-tree.ts'
import type { TargetGroup } from './discoverer.ts'
import { targetGroup, targetGroupSchema } from './static.ts'

/** Target groups as files hold them and servers send them. */
export const groupsSchema = list(targetGroupSchema, { empty: 'nil target group item found' })

/**
 * The groups of a JSON text from `where`, a path or a URL; their sources are `where:0`, `where:1` and so on. As upstream, unlike in
 * YAML a number is no text. Throws a CodedError that names the place.
 */
export function parseJsonGroups(where: string, text: string, extraLabels: Readonly<Record<string, string>>): readonly TargetGroup[] {
  const fail = (path: YamlPath, message: string): never => {
    throw new CodedError('bad_data', `${where}: at ${path.join('.') || 'the top'}: ${message}`)
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new CodedError('bad_data', `${where}: ${(cause as Error).message}`, { cause })
  }
  const parsed = groupsSchema.safeParse(yamlValue(json, (path, found) => fail(path, `found ${found}, want a text`)) ?? [])
  if (parsed.success) return parsed.data.map((config, index) => targetGroup(`${where}:${index}`, config, extraLabels))
  const [{ path: place, message }] = schemaProblems(parsed.error)
  return fail(place, message)
}

function yamlValue(json: unknown, refuse: (path: YamlPath, found: string) => never, path: YamlPath = []): YamlValue {
  if (json === null || json === undefined) return undefined
  if (Array.isArray(json)) return json.map((item, index) => yamlValue(item, refuse, [...path, index]))
  if (typeof json === 'string') return new YamlScalar(json, false)
  if (typeof json !== 'object') return refuse(path, String(json))
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, yamlValue(value, refuse, [...path, key])]))
}
