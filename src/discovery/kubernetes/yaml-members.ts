import { YamlScalar, type YamlValue } from '../../base/yaml-tree.ts'

/** What a mapping has for a field; undefined where it is none, or has none. */
export function member(value: YamlValue, field: string): YamlValue {
  if (value === undefined || value instanceof YamlScalar || Array.isArray(value)) return undefined
  return (value as Readonly<Record<string, YamlValue>>)[field]
}

export function textAt(value: YamlValue, field: string): string | undefined {
  const found = member(value, field)
  return found instanceof YamlScalar ? found.text : undefined
}
