import { Breather } from '../base/breather.ts'
import type { Clock } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
import { list } from '../base/schema.ts'
import type { YamlPath, YamlValue } from '../base/yaml-tree.ts'
import { YamlScalar } from '../base/yaml-tree.ts'
import { isLabelName } from '../model/relabel.ts'
import type { TargetGroup } from './discoverer.ts'
import type { TargetGroupConfig } from './static.ts'
import { targetGroup, targetGroupSchema } from './static.ts'

/** Target groups as files hold them and servers send them. */
export const groupsSchema = list(targetGroupSchema, { empty: 'nil target group item found' })

/** Groups between two looks at the clock. */
const GROUPS_AT_ONCE = 100

/**
 * The groups of a JSON text from `where`, a path or a URL; their sources are `where:0`, `where:1` and so on. As upstream, unlike in
 * YAML a number is no text. Long lists are read in turns, but for the JSON itself. Rejects with a CodedError that names the place.
 */
export async function parseJsonGroups(
  clock: Clock,
  where: string,
  text: string,
  extraLabels: Readonly<Record<string, string>>,
): Promise<readonly TargetGroup[]> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new CodedError('bad_data', `${where}: ${(cause as Error).message}`, { cause })
  }
  // What is no list is for the schema to refuse.
  if (!Array.isArray(json))
    return bySchema(where, json ?? [], 0).map((config, index) => targetGroup(`${where}:${index}`, config, extraLabels))
  const breather = new Breather(clock)
  const groups: TargetGroup[] = []
  for (let i = 0; i < json.length; i++) {
    const config = plainGroup(json[i]) ?? bySchema(where, [json[i]], i)[0]
    groups.push(targetGroup(`${where}:${i}`, config, extraLabels))
    if (i % GROUPS_AT_ONCE === 0 && breather.isDue()) await breather.rest()
  }
  return groups
}

/**
 * A group that is as most are: targets and labels, all of them texts. Undefined is for the schema to judge, which says what is wrong and
 * takes several times as long. Earned by json-groups.bench.ts.
 */
function plainGroup(json: unknown): TargetGroupConfig | undefined {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined
  for (const key in json) if (key !== 'targets' && key !== 'labels') return undefined
  const { targets, labels } = json as { readonly targets?: unknown; readonly labels?: unknown }
  if (!Array.isArray(targets)) return undefined
  for (const target of targets) if (typeof target !== 'string') return undefined
  if (labels === undefined) return { targets }
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) return undefined
  const texts = labels as Readonly<Record<string, unknown>>
  for (const name in texts) if (typeof texts[name] !== 'string' || !isLabelName(name)) return undefined
  return { targets, labels: labels as Record<string, string> }
}

/** A list, whose first item is number `first` of the whole. Throws a CodedError that names the place. */
function bySchema(where: string, json: unknown, first: number): readonly TargetGroupConfig[] {
  const fail = (path: YamlPath, message: string): never => {
    const place = path.map((part, depth) => (depth === 0 && typeof part === 'number' ? part + first : part))
    throw new CodedError('bad_data', `${where}: at ${place.join('.') || 'the top'}: ${message}`)
  }
  const parsed = groupsSchema.read(yamlValue(json, (path, found) => fail(path, `found ${found}, want a text`)))
  if (parsed.success) return parsed.data
  const [{ path: place, message }] = parsed.problems
  return fail(place, message)
}

function yamlValue(json: unknown, refuse: (path: YamlPath, found: string) => never, path: YamlPath = []): YamlValue {
  if (json === null || json === undefined) return undefined
  if (Array.isArray(json)) return json.map((item, index) => yamlValue(item, refuse, [...path, index]))
  if (typeof json === 'string') return new YamlScalar(json, false)
  if (typeof json !== 'object') return refuse(path, String(json))
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, yamlValue(value, refuse, [...path, key])]))
}
